// What an error of the Redis client means, as one of the closed list. The text of an error never leaves here: what a
// server says can hold what it was sent, and that is a password.

import type { StoreFailure } from '../../errors/store-failures.ts'

export interface RedisRefusal {
  readonly cause: StoreFailure
  /** One word for the log: what the server or the system calls it (`WRONGPASS`, `ECONNREFUSED`); may be empty. */
  readonly word: string
}

const CAUSES: Readonly<Record<string, StoreFailure>> = {
  WRONGPASS: 'access_refused',
  NOAUTH: 'access_refused',
  NOPERM: 'access_refused',
  DENIED: 'access_refused',
  READONLY: 'read_only',
}
const WORD = /^[A-Z][A-Z0-9_]{1,40}$/
/** Classes of the client that say that there is no connection (any more). */
const CONNECTION_CLASSES: ReadonlySet<string> = new Set([
  'SocketClosedUnexpectedlyError',
  'ConnectionTimeoutError',
  'ClientClosedError',
  'ClientOfflineError',
  'DisconnectsClientError',
  'ReconnectStrategyError',
])

/** `isReply` tells the client's class of errors that the server sent. */
export function redisRefusal(error: unknown, isReply: (error: unknown) => boolean): RedisRefusal {
  if (!(error instanceof Error)) return { cause: 'answer_invalid', word: '' }
  if (isReply(error)) return replyRefusal(error.message)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code !== '') return { cause: 'unreachable', word: WORD.test(code) ? code : '' }
  if (CONNECTION_CLASSES.has(error.constructor.name)) return { cause: 'unreachable', word: '' }
  // What is left comes from the client's decoder.
  return { cause: 'answer_invalid', word: '' }
}

function replyRefusal(message: string): RedisRefusal {
  const [first = ''] = message.split(' ', 1)
  const word = WORD.test(first) ? first : ''
  // Servers without a password answer a password so, before Redis 6 and since.
  if (word === 'ERR' && /\bAUTH\b/.test(message)) return { cause: 'access_refused', word }
  return { cause: CAUSES[word] ?? 'error', word }
}
