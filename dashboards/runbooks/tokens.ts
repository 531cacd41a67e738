// Of code 13 the reasons of the guard `jwt`, and the code as a whole.

import type { CodeAdvice, Look, ReasonAdvice, ReasonOf } from './advice.ts'
import { asked, compiled, conditionsOf, EXPLAINED, recent } from './commands.ts'
import { type KeyReason, KEYS } from './keys.ts'

type TokenReason = Exclude<ReasonOf<13>, KeyReason>

const said = (...shows: readonly string[]): Look => ({
  says: 'what was found and what was expected',
  run: 'kanali explain <trace id>',
  shows,
})
const KEY_SET: Look = {
  says: 'the keys that the issuer publishes',
  run: 'curl -sS <jwksURI>',
  shows: ['"kid"'],
}

const TOKENS: Readonly<Record<TokenReason, ReasonAdvice>> = {
  token_malformed: {
    detail: 'the token cannot be read',
    tell: 'What stands there is no token at all: the detail says how.',
    causes: [
      ['The word `Bearer` is missing or doubled, or quotes are part of it', 'Correct the client.'],
      ['An opaque token, or an encrypted one (five parts)', 'The issuer must give signed JSON Web Tokens.'],
    ],
    look: [said('cannot be read')],
  },
  token_too_large: {
    detail: 'allowed: 16384',
    tell: 'The detail has its size. Beyond `server.max_header_bytes` it would be the rejection `headers_too_large` instead.',
    causes: [['Groups or permissions pile up in it', 'Have the issuer put less into it.']],
    look: [said('allowed: 16384')],
  },
  token_algorithm_denied: {
    detail: 'accepted: ',
    tell: 'The detail has `alg` of the token and what is accepted.',
    causes: [
      ['A shared secret (`HS256`)', 'Have the issuer sign with a key pair.'],
      ['`none`, or an algorithm made up', 'Somebody tries: look at `client` of the log line.'],
    ],
    look: [said('accepted:')],
  },
  token_key_unknown: {
    detail: 'of the set fits',
    tell: "The detail names the key (`kid`). All tokens at once: the issuer rotated its keys, or the address is another issuer's.",
    causes: [
      ['A token of another issuer or environment', 'Use one of this issuer.'],
      [
        'The issuer signs with a key that it has not published yet',
        'It must publish before it signs. The set is asked for again at most every 30 seconds.',
      ],
    ],
    look: [said('the key'), KEY_SET],
  },
  token_signature_invalid: {
    detail: 'the signature fits none',
    tell: 'A key of that name is there, and the signature is not of it.',
    causes: [
      ['Two environments with the same `kid`', 'Use the token of this one.'],
      ['The token was changed on its way, or made up', 'Look at `client` of the log line.'],
    ],
    look: [said('the signature fits none')],
  },
  token_expired: {
    detail: 'the token ended',
    tell: 'The detail says since when. A few seconds for many clients: clocks. Hours for one: a client that does not renew.',
    causes: [
      ['The client uses it too long', 'Renew before `exp`.'],
      ['The clocks differ', 'Correct them; or raise `clockSkew` (30 seconds).'],
    ],
    look: [said('the token ended')],
  },
  token_not_yet_valid: {
    detail: 'the token begins in',
    tell: 'The detail says in how many seconds it begins.',
    causes: [['The clock of the issuer is ahead, or ours behind', 'Correct it; or raise `clockSkew`.']],
    look: [said('the token begins in')],
  },
  token_issuer_wrong: {
    detail: 'iss is ',
    tell: 'The detail has both texts side by side.',
    causes: [
      ['A slash at the end too many or too few', 'Write `issuer` as the token has `iss`, to the letter.'],
      ['A token of a test issuer', 'Use one of this issuer.'],
    ],
    look: [said('iss is')],
  },
  token_audience_wrong: {
    detail: 'aud is ',
    tell: 'The detail has both.',
    causes: [
      ['A token made for another service', 'The client must ask for one for this audience.'],
      ['The audience was renamed', 'Give both in `audience`, separated by a comma, until all have changed.'],
    ],
    look: [said('aud is')],
  },
  token_claim_missing: {
    detail: 'the claim ',
    tell: 'The detail names the claim; its value is never shown.',
    causes: [
      [
        'The user does not have it, or the issuer does not put it in',
        'Compare `requiredClaims` with the token.',
      ],
    ],
    look: [said('the claim')],
  },
  token_scope_missing: {
    detail: 'it lacks the scope',
    tell: 'The detail names the scope.',
    causes: [
      ['The client did not ask for it, or it was not granted', 'Ask the issuer for the scopes in `scopes`.'],
    ],
    look: [said('lacks the scope')],
  },
  token_config_invalid: {
    detail: 'config.',
    condition: 'TokenConfigInvalid',
    tell: 'Every request of the ApiProxy is refused: nothing is served unguarded.',
    causes: [
      [
        'A field that does not exist, or a value that breaks a rule',
        'The condition names it. `kanali check` finds it before it is applied.',
      ],
    ],
    look: [compiled('"reason": "TokenConfigInvalid"'), conditionsOf('TokenConfigInvalid')],
  },
  key_set_unavailable: {
    detail: 'the key set ',
    condition: 'KeySetUnavailable',
    tell: 'No token of that issuer can be judged. The detail has the address and what it answered.',
    causes: [
      [
        'The issuer is down, for longer than `plugins.jwt.stale_limit` (24 hours) or since our start',
        'Bring it back; it is asked again after 1, 2, 4, ... 60 seconds.',
      ],
      ['A network policy, a certificate of a private authority', 'Allow it; `NODE_EXTRA_CA_CERTS`.'],
      ['The address is wrong, or redirects', 'Give the final address in `jwksURI`.'],
    ],
    look: [
      compiled('"reason": "KeySetUnavailable"'),
      {
        says: 'the issuer, from where the gateway runs',
        run: 'curl -sS --max-time 5 <jwksURI>',
        shows: [],
        exit: 7,
      },
    ],
  },
}

export const ADVICE_13: CodeAdvice<13> = {
  hit: 'Blame `client`: one client. Blame `config` or `upstream`: every client of an ApiProxy. `keys_not_loaded`: every client with a key.',
  stop: 'If every client of an ApiProxy is refused, take back the last change of its binding or plugin configuration. Do not take the guard out: it would serve everybody.',
  first: [
    asked(
      'which guard denies, and why, in the last 15 minutes',
      'sum by (guard, reason) (increase(kanali_guard_decisions_total{decision="deny"}[15m])) > 0',
      'reason="<reason>"',
    ),
    recent('13'),
    EXPLAINED,
  ],
  reasons: { ...KEYS, ...TOKENS },
  more: ['guides/api-keys.md', 'guides/tokens.md'],
}
