// Codes 12 and 13 of the `jwt` guard: tokens that a real issuer's key set does not prove, or that say the wrong thing.
// They are signed when they are asked for, so that they are as old as they claim to be.

import { Issuer, publishes } from '../issuer.ts'
import { httpRequest } from '../http-client.ts'
import { apiProxy, type Manifest } from '../manifests.ts'
import { macToken, tokenSigner } from '../token-signer.ts'
import { type Ask, get, type Part } from './outcome.ts'
import type { Reason } from '../../../src/errors/catalogue.ts'

const ISSUER = 'https://issuer.example/'
const signer = tokenSigner('ES256')
const stranger = tokenSigner('ES256', 'stranger')
const impostor = tokenSigner('ES256', signer.kid)

const now = (): number => Math.floor(Date.now() / 1000)
const claims = (more: object = {}): object => ({
  iss: ISSUER,
  aud: 'shop',
  sub: 'ada',
  exp: now() + 300,
  scope: 'orders:read',
  tier: 'gold',
  ...more,
})

/** A token that the ApiProxy `tokened` takes. */
export const goodToken = (): string => signer.token(claims())

const TOKENS = {
  token_malformed: ['/tokened', () => `${goodToken()}x.y`],
  token_too_large: ['/tokened', () => signer.token(claims({ pad: 'x'.repeat(20_000) }))],
  token_algorithm_denied: [
    '/tokened',
    () => macToken(signer.publicKey.export({ type: 'spki', format: 'pem' }), claims()),
  ],
  token_key_unknown: ['/tokened', () => stranger.token(claims())],
  token_signature_invalid: ['/tokened', () => impostor.token(claims())],
  token_expired: ['/tokened', () => signer.token(claims({ exp: now() - 60 }))],
  token_not_yet_valid: ['/tokened', () => signer.token(claims({ nbf: now() + 120 }))],
  token_issuer_wrong: ['/tokened', () => signer.token(claims({ iss: 'https://issuer.example' }))],
  token_audience_wrong: ['/tokened', () => signer.token(claims({ aud: ['billing'] }))],
  token_claim_missing: ['/token-claim-missing', goodToken],
  token_scope_missing: ['/token-scope-missing', goodToken],
  token_config_invalid: ['/token-config-invalid', goodToken],
  key_set_unavailable: ['/key-set-unavailable', goodToken],
} as const satisfies Partial<Record<Reason, readonly [string, () => string]>>

/** The largest token needs a head of 64 KiB. */
export async function tokenPart(): Promise<Part> {
  const issuer = await Issuer.start(publishes([signer.jwk]))
  const config = { issuer: ISSUER, audience: 'shop', jwksURI: issuer.url }
  const tokened = (name: string, more: Readonly<Record<string, string>> = {}): Manifest =>
    apiProxy(name)
      .at(`/${name}`)
      .mock('canned')
      .plugin('jwt', { ...config, ...more })
      .build()
  const asks = Object.entries(TOKENS).map(([reason, [target, token]]) => [reason, bearing(target, token)])
  return {
    manifests: [
      tokened('tokened'),
      tokened('token-claim-missing', { requiredClaims: 'tier=platinum' }),
      tokened('token-scope-missing', { scopes: 'orders:write' }),
      tokened('token-config-invalid', { algorithms: 'none' }),
      tokened('key-set-unavailable', { jwksURI: 'http://127.0.0.1:9/keys' }),
    ],
    asks: { ...Object.fromEntries(asks), token_missing: get('/tokened') },
    flags: { 'server.max_header_bytes': '64KiB' },
    places: { jwksURI: issuer.url },
    stop: () => issuer[Symbol.asyncDispose](),
  }
}

function bearing(path: string, token: () => string): Ask {
  return get(path, {}, (port, { method, target }) =>
    httpRequest(port, method, target, { headers: { authorization: `Bearer ${token()}` } }),
  )
}
