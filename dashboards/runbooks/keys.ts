// Codes 12 and 14, and of 13 the reasons of the guard `apikey`: keys, bindings, rates and quotas.

import type { CodeAdvice, Look, ReasonAdvice, ReasonOf } from './advice.ts'
import { asked, conditionsOf, EXPLAINED, metric, ready, reasonsOf, recent } from './commands.ts'

const binding = (...shows: readonly string[]): Look => ({
  says: 'the binding',
  run: 'kubectl get apikeybinding <apikeybinding> -n <namespace> -o yaml',
  shows,
})
const headers: Look = {
  says: 'which header fields came (secrets masked)',
  run: 'curl -s http://127.0.0.1:9090/debug/exchanges/<trace id>',
  shows: ['"headers"'],
}
const denied = asked(
  'what the guards deny, in the last 15 minutes',
  'sum by (guard, reason) (increase(kanali_guard_decisions_total{decision="deny"}[15m])) > 0',
  'reason="<reason>"',
)

export const ADVICE_12: CodeAdvice<12> = {
  hit: 'Clients that present no key or token. Who presents one is not touched.',
  stop: 'If many clients began at one moment, something before the gateway drops a header, or a guard was added to an ApiProxy: take back what was changed last.',
  first: [reasonsOf('12'), recent('12'), EXPLAINED],
  reasons: {
    key_missing: {
      detail: 'no header that carries an api key',
      tell: 'Guard `apikey` (`kanali.plugin`). The header is not there at all.',
      causes: [
        [
          'The client sends another header',
          'It must be that of `plugins.apiKey.header_key` (default `apikey`).',
        ],
        [
          'A proxy before the gateway drops it',
          'Headers with an underscore in their name are dropped by many.',
        ],
        ['The guard is new on this ApiProxy', 'Tell its clients before; or take the plugin out until then.'],
      ],
      look: [headers],
    },
    key_empty: {
      detail: 'is empty',
      tell: 'The header is there and has no value.',
      causes: [["A variable of the client's environment is not set", 'Set it, and restart the client.']],
    },
    key_repeated: {
      detail: 'times',
      tell: 'The detail says how often it came, even where the values are equal.',
      causes: [['Client and a proxy in between both add it', 'Let one of them.']],
    },
    token_missing: {
      detail: 'looked for',
      tell: 'Guard `jwt`. The detail says where a token was looked for.',
      causes: [
        [
          'No `Authorization: Bearer`',
          'Send it; `tokenHeader` and `tokenCookie` of the plugin name other places.',
        ],
        [
          'The login of the client ran out, and it goes on without',
          'Mend the client: a token that ran out would be `token_expired`.',
        ],
      ],
    },
  },
  more: ['guides/api-keys.md', 'guides/tokens.md'],
}

export type KeyReason = Exclude<ReasonOf<13>, `token_${string}` | 'key_set_unavailable'>

export const KEYS: Readonly<Record<KeyReason, ReasonAdvice>> = {
  key_unknown: {
    detail: 'no revision of any ApiKey is this key',
    tell: 'There is no `kanali.apikey.name` on the span: nobody knows whose key it was. One client: its key. All clients: the private key.',
    causes: [
      [
        'The client has a key of another environment, or a typing error',
        'Compare with `kanalictl apikey decrypt --key.in_file <folder> --rsa.private_key_file <file>`.',
      ],
      [
        'The private key of the gateway was changed',
        'ApiKeys encrypted for the old pair open nothing: `kanali_apikey_revisions{state="undecryptable"}` is above 0. Put the old file back; it is read without a restart.',
      ],
      ['The ApiKey was deleted', 'Apply it again.'],
    ],
    look: [
      metric('revisions by state', '^kanali_apikey_revisions', 'state="decrypted"', 'state="undecryptable"'),
    ],
  },
  key_revision_inactive: {
    detail: 'is Inactive',
    tell: '`kanali.apikey.name` says whose key it is: one that was rotated out.',
    causes: [
      ['A client that was not told of the rotation', 'Give it the key of an Active revision.'],
      [
        '`kanalictl apikey expire` ran too early',
        'Set the revision Active again: `kubectl edit apikey <apikey>`.',
      ],
    ],
    look: [
      { says: 'its revisions', run: 'kubectl get apikey <apikey> -o yaml', shows: ['status: Inactive'] },
    ],
  },
  binding_unnamed: {
    detail: 'has no bindingName',
    condition: 'BindingUnnamed',
    tell: 'Every client of the ApiProxy is refused.',
    causes: [['`bindingName` is missing or misspelt', 'Set it in `spec.plugins[].config`.']],
    look: [conditionsOf('BindingUnnamed')],
  },
  binding_missing: {
    detail: 'does not exist',
    condition: 'BindingMissing',
    tell: 'Every client of the ApiProxy is refused.',
    causes: [
      ['Deleted, misspelt, or in another namespace', 'It must be in the namespace of the ApiProxy.'],
      ['A release in the wrong order', 'Bindings first.'],
    ],
    look: [
      conditionsOf('BindingMissing'),
      {
        says: 'the bindings that are there',
        run: 'kubectl get apikeybindings -n <namespace>',
        shows: ['NAME'],
      },
    ],
  },
  binding_invalid: {
    detail: 'cannot be read: spec.',
    condition: 'BindingInvalid',
    tell: 'The whole binding is not trusted, so all its keys are refused.',
    causes: [
      [
        'A key that is there twice, a unit that is none, ...',
        'The condition `Accepted` of the binding names field and rule.',
      ],
    ],
    look: [
      {
        says: 'the rule that it breaks',
        run: "curl -s 'http://127.0.0.1:9090/debug/snapshot?namespace=<namespace>&name=<apikeybinding>'",
        shows: ['"reason": "Invalid"'],
      },
    ],
  },
  key_not_bound: {
    detail: 'has no entry for ApiKey',
    tell: 'The key is good and known (`kanali.apikey.name`), the binding has no entry for it.',
    causes: [
      [
        'The client calls an API that was never granted to it',
        'Add the ApiKey to `spec.keys` of the binding, if it is meant to.',
      ],
      ['The entry was removed', '`kanali replay --journal <journal>` shows what stood there before.'],
    ],
    look: [binding('keys:')],
  },
  method_denied: {
    detail: 'not this method',
    tell: '`kanali.apikey.rule` names the rule; another method on the same path passes.',
    causes: [
      ['The rule grants reading only', 'Add the method to `granular.verbs`, or have the client not use it.'],
    ],
    look: [binding('granular:', 'verbs:')],
  },
  path_denied: {
    detail: 'it grants no method there',
    tell: '`kanali.apikey.rule` names the rule, which grants nothing there.',
    causes: [
      ['Expressions are held against the **target** path', 'Write them for the path that the upstream sees.'],
      ['The first expression that matches decides', 'Put the narrower one first.'],
      ['No `defaultRule`', 'Without one, what no subpath grants is denied.'],
    ],
    look: [binding('subpaths:')],
  },
  rule_expression_invalid: {
    detail: 'its expression does not compile',
    tell: 'The binding has the condition `ExpressionInvalid`. Only paths that the expression could have meant are denied.',
    causes: [
      [
        'Syntax that RE2 does not have (look-ahead, back references), or a bracket too many',
        'Mend the expression: the condition has its fault.',
      ],
    ],
    look: [
      {
        says: 'the expression and its fault',
        run: 'kubectl describe apikeybinding <apikeybinding> -n <namespace>',
        shows: ['ExpressionInvalid'],
      },
    ],
  },
  keys_not_loaded: {
    detail: 'private key',
    condition: 'KeysNotLoaded',
    tell: 'Or `still being decrypted`, `have not been listed`, `may not list`: every key is refused, on this replica or on all.',
    causes: [
      [
        'No private key, or one that cannot be read',
        'See `plugins.apiKey.decryption_key_file` and the Secret behind it; the file is watched.',
      ],
      ['ApiKeys may not be listed', '`/readyz` has `kind_refused` for ApiKey: correct the ClusterRole.'],
      [
        'Just started',
        'Revisions are still being decrypted (`keys_pending`); a replica is not ready before.',
      ],
    ],
    look: [ready('what the gateway lacks', '"status"')],
  },
}

export const ADVICE_14: CodeAdvice<14> = {
  hit: 'One client, by its api key, on one ApiProxy. With `limit_store_failed`: every client whose key has a rate or quota.',
  stop: 'A client that must go on: raise `rate` or `quota` of its entry; it holds within a second. A store that is down: start with `--limits.on_store_failure=local_share`.',
  first: [denied, recent('14'), EXPLAINED],
  reasons: {
    rate_exceeded: {
      detail: ' requests a ',
      tell: 'The answer has `Retry-After`, and so many requests pass as the rate grants. `kanali.apikey.name` says who.',
      causes: [
        [
          'The client has a loop, or does not wait for `Retry-After`',
          'Talk to its owner; the gateway bears it.',
        ],
        ['The rate is too small for what was agreed', 'Raise `rate`.'],
        [
          'Each replica counts for itself and one was added or removed',
          'With `limits.redis_url` they count together.',
        ],
      ],
      look: [binding('rate:')],
    },
    quota_exceeded: {
      detail: ' requests in all',
      tell: 'No `Retry-After`: waiting does not help, nothing of this key passes on this ApiProxy.',
      causes: [
        ['It is used up', 'Raise `quota`: the difference is granted, what was used stays counted.'],
        [
          'Quotas in memory began anew with a restart, and now they do not',
          'That is [the shared store](../guides/limits.md#where-it-is-counted): it forgets nothing.',
        ],
      ],
      look: [binding('quota:')],
    },
    limit_store_failed: {
      detail: 'the store of limits did not decide',
      tell: 'The span has `kanali.limit.store_failure` with the cause, and `kanali.limit.fallback` is `deny`.',
      causes: [
        [
          '`unreachable`: Redis is down, or its address or TLS is wrong',
          'Bring it back; the gateway tries again by itself.',
        ],
        ['`timeout`: Redis is slow', '`SLOWLOG GET`, the network; or raise `limits.store_timeout`.'],
        ['`access_refused`, `read_only`', 'The password file; a failover under way.'],
        ['`full`', 'Raise `limits.max_entries`.'],
      ],
      look: [
        metric(
          'how often the store failed, by cause',
          '^kanali_limit_store_failures_total',
          'cause="unreachable"',
        ),
        {
          says: 'the store itself',
          run: 'redis-cli -u <limits.redis_url> ping',
          shows: ['onnection refused'],
          exit: 1,
        },
      ],
    },
  },
  more: ['guides/limits.md', 'guides/api-keys.md'],
}
