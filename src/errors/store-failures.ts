// What can be wrong with the shared store of limits, in a closed list: on spans, as a label, and in the detail of code 14.

export const STORE_FAILURES = [
  /** No answer within `limits.store_timeout`. */
  'timeout',
  /** No connection: refused, name not found, TLS failed, closed. */
  'unreachable',
  /** Wrong user or password, or a user who may not do what is needed. */
  'access_refused',
  /** A replica that takes no writes: a failover is under way. */
  'read_only',
  /** An error of the store's own: loading, out of memory, busy, ... */
  'error',
  /** An answer that nobody can make sense of. */
  'answer_invalid',
  /** Too many requests wait for the store already. */
  'overloaded',
  /** `limits.max_entries` are counted already, none of them can be dropped, and this one is new. */
  'full',
] as const

export type StoreFailure = (typeof STORE_FAILURES)[number]

/** Who decides where the store does not: option limits.on_store_failure. */
export const FALLBACKS = ['local_share', 'allow', 'deny'] as const

export type Fallback = (typeof FALLBACKS)[number]
