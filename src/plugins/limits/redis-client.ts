// One connection to a Redis server or a Sentinel, opened and tried within a deadline. It does not reconnect: who owns it
// opens another. The package is loaded here and only when the first one is opened.

import type * as Redis from '@redis/client'
import type { RedisRefusal } from './redis-error.ts'
import { redisRefusal } from './redis-error.ts'

export interface RedisTarget {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** Empty for none. */
  readonly username: string
  readonly password: string
  readonly database: number
}

export interface OpenedClient {
  /** What the server answered to the first command. */
  readonly reply: unknown
  /** Sends a command; rejects with an error that `refusal` reads. */
  send(command: readonly string[]): Promise<unknown>
  refusal(error: unknown): RedisRefusal
  /** Closes at once; what waits is rejected. */
  close(): void
}

export interface ClientOptions {
  readonly deadlineMs: number
  /** Aborted: nobody waits for it to open any more. */
  readonly signal: AbortSignal
  /** Called once when an open connection is lost by itself. */
  readonly onLost: (refusal: RedisRefusal) => void
}

/** Connects, authenticates and sends `first`; what went wrong otherwise. Never rejects. */
export async function openClient(
  target: RedisTarget,
  first: readonly string[],
  { deadlineMs, signal, onLost }: ClientOptions,
): Promise<OpenedClient | RedisRefusal> {
  const redis = await import('@redis/client')
  const refusal = (error: unknown): RedisRefusal =>
    redisRefusal(error, (each) => each instanceof redis.ErrorReply)
  const client = makeClient(redis, target, deadlineMs)
  let state: 'opening' | 'open' | 'closed' = 'opening'
  const close = (): void => {
    state = 'closed'
    client.destroy()
  }
  // A client that is destroyed while it connects would go on and stay.
  client.on('connect', () => state === 'closed' && client.destroy())
  const failed = new Promise<RedisRefusal>((resolve) => {
    client.on('error', (error) => {
      const why = refusal(error)
      if (state === 'open') {
        close()
        onLost(why)
      }
      resolve(why)
    })
  })
  const late = Promise.withResolvers<RedisRefusal>()
  const timer = setTimeout(() => late.resolve({ cause: 'timeout', word: '' }), deadlineMs)
  const onAbort = (): void => late.resolve({ cause: 'unreachable', word: '' })
  signal.addEventListener('abort', onAbort)
  const tried = client
    .connect()
    .then(() => client.sendCommand([...first]))
    .then((reply) => ({ reply }), refusal)
  const result = await Promise.race([tried, failed, late.promise])
  clearTimeout(timer)
  signal.removeEventListener('abort', onAbort)
  if ('cause' in result) {
    close()
    return result
  }
  state = 'open'
  return { reply: result.reply, send: (command) => client.sendCommand([...command]), refusal, close }
}

function makeClient(redis: typeof Redis, target: RedisTarget, deadlineMs: number) {
  const { host, port, username, password, database } = target
  const socket = { host, port, reconnectStrategy: false, connectTimeout: deadlineMs } as const
  return redis.createClient({
    socket: target.tls ? { ...socket, tls: true } : socket,
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
    database,
    // What every server and proxy understands; nothing of version 3 is needed.
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    // A deadline for each take is kept by who asks, for less than the client's signal a command.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
  })
}
