// Debian's redis-server on a loopback port, without persistence unless asked, and what happens to it: frozen, killed,
// restarted on its port. Commands are sent by the client that the gateway uses.

import { createClient } from '@redis/client'
import { freePort } from './free-ports.ts'
import { RunningProcess } from './running-process.ts'
import { tempFolder, type TempFolder } from './temp-folder.ts'

export interface RedisOptions {
  /** Further lines of its configuration, as arguments. */
  readonly args?: readonly string[]
  /** True: every write is on disk before it is answered, and read again by a restart. */
  readonly appendOnly?: boolean
  /** Given: a Sentinel with this configuration instead of a server. */
  readonly sentinel?: string
}

const STARTS_MAX = 3

export class Redis implements AsyncDisposable {
  readonly #binary: string
  readonly #options: RedisOptions
  readonly #folder: TempFolder
  #port = 0
  #process: RunningProcess | undefined

  constructor(binary: string, options: RedisOptions, folder: TempFolder) {
    this.#binary = binary
    this.#options = options
    this.#folder = folder
  }

  get port(): number {
    return this.#port
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error('redis does not run')
    return this.#process.pid
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** Starts it where it does not run: on its old port, if it had one. */
  async start(): Promise<void> {
    for (let start = 1; ; start++) {
      const port = this.#port === 0 ? await freePort() : this.#port
      const running = new RunningProcess(this.#binary, await this.#arguments(port))
      try {
        await running.until(
          () => /Ready to accept connections|Sentinel ID is/.test(running.stdout),
          'redis is ready',
        )
        this.#port = port
        this.#process = running
        return
      } catch (error) {
        await running.stop()
        if (!running.stdout.includes('Address already in use') || start === STARTS_MAX) throw error
      }
    }
  }

  /** One command on a connection of its own. */
  async command(args: readonly string[], password?: string): Promise<unknown> {
    const client = createClient({
      url: this.url,
      RESP: 2,
      ...(password !== undefined && { password }),
      socket: { reconnectStrategy: false },
    })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await client.sendCommand([...args])
    } finally {
      client.destroy()
    }
  }

  /** It still accepts connections and takes bytes, and answers nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Ends it at once, like a crash. */
  async kill(): Promise<void> {
    await this.#process?.stop('SIGKILL')
    this.#process = undefined
  }

  async stop(): Promise<void> {
    await this.kill()
    await this.#folder.remove()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #arguments(port: number): Promise<string[]> {
    const { args = [], appendOnly = false, sentinel } = this.#options
    const own = ['--port', String(port), '--bind', '127.0.0.1', '--dir', this.#folder.path]
    // A Sentinel writes to its file what it learns.
    if (sentinel !== undefined) {
      return [await this.#folder.write('sentinel.conf', sentinel), '--sentinel', ...own, ...args]
    }
    const persistence = appendOnly ? ['yes', '--appendfsync', 'always'] : ['no']
    return [...own, '--save', '', '--daemonize', 'no', '--appendonly', ...persistence, ...args]
  }
}

/** Starts `binary` (see describeWithTools) and waits until it accepts connections. */
export async function startRedis(binary: string, options: RedisOptions = {}): Promise<Redis> {
  const redis = new Redis(binary, options, await tempFolder('redis'))
  await redis.start()
  return redis
}
