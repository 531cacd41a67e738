// The codes of the guards: 12 (no key), 13 (not authorized), 14 (rate or quota).
// Their reasons come with the guards; a client sees the same Proxy-Status for all of them, finer would be an oracle.

import type { CatalogueEntry } from './catalogue-entry.ts'

export const CODE_12 = {
  code: 12,
  status: 403,
  message: 'My lips are sealed.',
  means: 'No api key was presented; the answer deliberately says no more.',
  check: 'Like the message says: the request must carry an api key.',
  reasons: [],
} as const satisfies CatalogueEntry

export const CODE_13 = {
  code: 13,
  status: 401,
  message: 'Api key is not authorized.',
  means: 'The api key is unknown, or its binding does not grant this request.',
  check: 'Look at the rules of the ApiKeyBinding for that key, the method and the target path.',
  reasons: [],
} as const satisfies CatalogueEntry

export const CODE_14 = {
  code: 14,
  status: 429,
  message: 'The Api key you are using has exceeded its rate limit.',
  means: 'The rate or the quota that the binding grants to the api key is exceeded.',
  check: 'Compare rate and quota of the ApiKeyBinding with the use of that key.',
  reasons: [],
} as const satisfies CatalogueEntry
