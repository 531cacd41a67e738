// The codes of the guards: 12 (no key), 13 (not authorized), 14 (rate or quota).
// A client sees the same Proxy-Status for all of their reasons, finer would be an oracle.

import type { CatalogueEntry } from './catalogue-entry.ts'

export const CODE_12 = {
  code: 12,
  status: 403,
  message: 'My lips are sealed.',
  means: 'No api key was presented; the answer deliberately says no more.',
  check: 'Like the message says: the request must carry an api key.',
  reasons: [
    {
      reason: 'key_missing',
      blame: 'client',
      means: 'The request has no header of the name that carries api keys.',
      check:
        'The client must send its api key in the header of `plugins.apiKey.header_key` (default `apikey`): `curl -H "apikey: <key>" <address>`. The span shows which header fields came.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'key_empty',
      blame: 'client',
      means: 'The header that carries api keys is there and empty.',
      check: 'Look at how the client fills the header; often a variable of its environment is not set.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'key_repeated',
      blame: 'client',
      means: 'The header that carries api keys is there more than once, and only one of them could be meant.',
      check: 'The client, or a proxy before the gateway, adds the header twice: send it once.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_missing',
      blame: 'client',
      means: 'The request has no token where the `jwt` plugin looks for one.',
      check:
        "The client must send `Authorization: Bearer <token>`, or what `tokenHeader` and `tokenCookie` of the plugin's configuration name.",
      proxyStatus: 'http_request_denied',
    },
  ],
} as const satisfies CatalogueEntry

export const CODE_13 = {
  code: 13,
  status: 401,
  message: 'Api key is not authorized.',
  means: 'The api key is unknown, or its binding does not grant this request.',
  check: 'Look at the rules of the ApiKeyBinding for that key, the method and the target path.',
  reasons: [
    {
      reason: 'key_unknown',
      blame: 'client',
      means: 'No revision of any ApiKey decrypts to the api key of the request.',
      check:
        "Compare the client's key with `kanalictl apikey decrypt --key.in_file <folder> --rsa.private_key_file <file>`; `kubectl get apikeys` shows revisions that could not be decrypted.",
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'key_revision_inactive',
      blame: 'client',
      means: 'The api key is that of a revision whose status is Inactive: it was rotated out.',
      check:
        'The span names the ApiKey. Give the client the key of an Active revision, or set the revision to Active again: `kubectl edit apikey <name>`.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'binding_unnamed',
      blame: 'config',
      means: 'The configuration of the `apikey` plugin names no ApiKeyBinding.',
      check:
        'Set `bindingName` (or `apiKeyBindingName`) in `spec.plugins[].config` of the ApiProxy: `kubectl -n <namespace> edit apiproxy <name>`.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'binding_missing',
      blame: 'config',
      means: 'The ApiKeyBinding that the `apikey` plugin names is not in the namespace of the ApiProxy.',
      check:
        'Run `kubectl -n <namespace> get apikeybindings` and compare with `bindingName`; a binding of another namespace does not count.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'binding_invalid',
      blame: 'config',
      means:
        'The ApiKeyBinding that the `apikey` plugin names breaks a rule, so that nothing it says can be trusted.',
      check: 'Its condition names field and rule: `kubectl -n <namespace> describe apikeybinding <name>`.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'key_not_bound',
      blame: 'client',
      means: 'The api key is known, and the ApiKeyBinding has no entry for it.',
      check:
        'Is the client meant to call this API? If so, add the ApiKey that the span names to `spec.keys`: `kubectl -n <namespace> edit apikeybinding <name>`.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'method_denied',
      blame: 'client',
      means: 'The rule for this target path grants other methods to the api key, and not this one.',
      check: 'The span names the rule. Add the method to its `granular.verbs`, or set `global: true`.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'path_denied',
      blame: 'client',
      means: 'No rule of the ApiKeyBinding grants anything on this target path to the api key.',
      check:
        'The span names the rule. Expressions of `subpaths` are held against the start of the target path, and the first that matches decides; `defaultRule` decides where none does.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'rule_expression_invalid',
      blame: 'config',
      means:
        'An expression in `subpaths` does not compile, and the request could have been meant by it: nobody can tell, so it is denied.',
      check:
        'The condition of the ApiKeyBinding names the expression and its fault: `kubectl -n <namespace> describe apikeybinding <name>`. Expressions have the syntax of RE2.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'keys_not_loaded',
      blame: 'gateway',
      means:
        'The gateway cannot tell keys apart yet: there is no decryption key, ApiKeys cannot be listed, or revisions are still being decrypted.',
      check:
        'Run `curl -s http://<gateway>:9000/readyz`: its reasons say which. Check `plugins.apiKey.decryption_key_file` and the rights on ApiKeys.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_malformed',
      blame: 'client',
      means: 'What was presented as a token is no signed JSON Web Token, or it stands there twice.',
      check: 'The token must be three parts joined by dots (JWS compact serialisation, RFC 7515), sent once.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_too_large',
      blame: 'client',
      means: 'The token is larger than any token may be.',
      check: 'Tokens of more than 16 KiB are not read: have the issuer put less into it.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_algorithm_denied',
      blame: 'client',
      means: 'The token is signed with an algorithm that the plugin does not accept; `none` never is.',
      check:
        "Compare `alg` in the head of the token with `algorithms` of the plugin's configuration (default: the asymmetric ones).",
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_key_unknown',
      blame: 'client',
      means: 'The key set of the issuer has no key that fits the token.',
      check:
        'Compare `kid` in the head of the token with the keys that the issuer publishes: `curl -s <jwksURI>`. A set is asked for again where a key is unknown, at most every 30 seconds.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_signature_invalid',
      blame: 'client',
      means: 'The signature does not belong to the token: it was changed, or signed by somebody else.',
      check: 'Is the token one of this issuer and environment? Tokens of a test issuer fail so.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_expired',
      blame: 'client',
      means: 'The token has expired (claim `exp`).',
      check:
        "The client must fetch a new token. Compare the clocks of issuer and gateway, or raise `clockSkew` of the plugin's configuration.",
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_not_yet_valid',
      blame: 'client',
      means: 'The token is not valid yet (claims `nbf`, `iat`).',
      check: "Compare the clocks of issuer and gateway, or raise `clockSkew` of the plugin's configuration.",
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_issuer_wrong',
      blame: 'client',
      means: 'The token was made by another issuer (claim `iss`).',
      check:
        "Compare `iss` of the token with `issuer` of the plugin's configuration, to the letter, a trailing slash included.",
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_audience_wrong',
      blame: 'client',
      means: 'The token was made for somebody else (claim `aud`).',
      check: "Compare `aud` of the token with `audience` (or `audienceID`) of the plugin's configuration.",
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_claim_missing',
      blame: 'client',
      means: 'A claim that the plugin requires is not in the token, or has another value.',
      check: "Compare `requiredClaims` of the plugin's configuration with the token.",
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_scope_missing',
      blame: 'client',
      means: 'The token lacks a scope that the plugin requires (claims `scope`, `scp`).',
      check: "The client must ask the issuer for the scopes in `scopes` of the plugin's configuration.",
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'token_config_invalid',
      blame: 'config',
      means: 'The configuration of the `jwt` plugin breaks a rule, so that no token can be judged by it.',
      check:
        'The condition `ResolvedRefs` of the ApiProxy names field and rule: `kubectl -n <namespace> describe apiproxy <name>`.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'key_set_unavailable',
      blame: 'upstream',
      means: 'The key set of the issuer has never been fetched, or is too old to be trusted.',
      check:
        'Reach it from the gateway\'s pod: `curl -sS <jwksURI>`. The log line "a key set could not be fetched" says why, and how long the last one is used.',
      proxyStatus: 'http_request_denied',
    },
  ],
} as const satisfies CatalogueEntry

export const CODE_14 = {
  code: 14,
  status: 429,
  message: 'The Api key you are using has exceeded its rate limit.',
  means: 'The rate or the quota that the binding grants to the api key is exceeded.',
  check: 'Compare rate and quota of the ApiKeyBinding with the use of that key.',
  reasons: [
    {
      reason: 'rate_exceeded',
      blame: 'client',
      means: 'The api key has used up the rate that its ApiKeyBinding grants on this ApiProxy.',
      check:
        'The answer has `Retry-After` and `RateLimit`. If the client needs more, raise `rate` of its entry in the ApiKeyBinding that the span names.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'quota_exceeded',
      blame: 'client',
      means:
        'The api key has used up the total number of requests that its ApiKeyBinding grants on this ApiProxy.',
      check:
        'Raise `quota` of its entry in the ApiKeyBinding that the span names; what was used stays counted.',
      proxyStatus: 'http_request_denied',
    },
    {
      reason: 'limit_store_failed',
      blame: 'gateway',
      means: 'The shared store of limits did not answer, and `limits.on_store_failure` is `deny`.',
      check:
        'The span says what was wrong with the store; look at `kanali_limit_store_failures_total` and at the store itself: `redis-cli -u <limits.redis_url> ping`.',
      proxyStatus: 'http_request_denied',
    },
  ],
} as const satisfies CatalogueEntry
