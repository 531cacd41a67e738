// Where the Redis server is and how to get in: the address with the password, and, with Sentinels, which server is the
// master now. Read anew for each connection, so that a changed password or master is found. Passwords stay in here.

import { readFile } from 'node:fs/promises'
import type { Options } from '../../config/options.ts'
import { openClient, type RedisTarget } from './redis-client.ts'
import type { RedisRefusal } from './redis-error.ts'

export type LocationOptions = Pick<
  Options,
  | 'limits.redis_url'
  | 'limits.redis_password_file'
  | 'limits.redis_sentinels'
  | 'limits.redis_sentinel_master'
>

const REDIS_PORT = 6379
const SENTINEL_PORT = 26_379
const SENTINEL_DEADLINE_MS = 1_000
const PASSWORD_BYTES_MAX = 4_096

export class RedisLocation {
  readonly #options: LocationOptions
  readonly #url: URL
  /** The one that answered last comes first. */
  #sentinels: readonly string[]

  constructor(options: LocationOptions) {
    this.#options = options
    this.#url = new URL(options['limits.redis_url'])
    this.#sentinels = options['limits.redis_sentinels']
  }

  /** The server that takes writes, as far as anybody knows; never rejects. */
  async find(signal: AbortSignal): Promise<RedisTarget | RedisRefusal> {
    const password = await this.#password()
    if (typeof password !== 'string') return password
    const where = this.#sentinels.length === 0 ? this.#address() : await this.#askSentinels(signal)
    if ('cause' in where) return where
    return {
      ...where,
      tls: this.#url.protocol === 'rediss:',
      username: decodeURIComponent(this.#url.username),
      password,
      database: Number(this.#url.pathname.slice(1)),
    }
  }

  /** For the log: where the server is looked for, without user and password. */
  get shown(): string {
    const { length } = this.#sentinels
    if (length > 0) return `${this.#options['limits.redis_sentinel_master']} of ${length} sentinels`
    return hostPort(this.#address())
  }

  async #password(): Promise<string | RedisRefusal> {
    const file = this.#options['limits.redis_password_file']
    if (file === undefined) return decodeURIComponent(this.#url.password)
    try {
      const text = await readFile(file, 'utf8')
      if (text.length <= PASSWORD_BYTES_MAX) return text.replace(/\r?\n$/, '')
    } catch {
      // Said below: the option names the file.
    }
    return { cause: 'access_refused', word: 'PASSWORD_FILE_UNREADABLE' }
  }

  #address(): Address {
    return addressOf(this.#url.host, REDIS_PORT)
  }

  async #askSentinels(signal: AbortSignal): Promise<Address | RedisRefusal> {
    let refusal: RedisRefusal = { cause: 'unreachable', word: '' }
    for (const sentinel of this.#sentinels) {
      if (signal.aborted) break
      const answer = await askSentinel(sentinel, this.#options['limits.redis_sentinel_master'], signal)
      if ('host' in answer) {
        this.#sentinels = [sentinel, ...this.#sentinels.filter((each) => each !== sentinel)]
        return answer
      }
      refusal = answer
    }
    return refusal
  }
}

interface Address {
  readonly host: string
  readonly port: number
}

async function askSentinel(
  sentinel: string,
  master: string,
  signal: AbortSignal,
): Promise<Address | RedisRefusal> {
  const at = addressOf(sentinel, SENTINEL_PORT)
  const target = { ...at, tls: false, username: '', password: '', database: 0 }
  const opened = await openClient(target, ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', master], {
    deadlineMs: SENTINEL_DEADLINE_MS,
    signal,
    onLost: () => undefined,
  })
  if ('cause' in opened) return opened
  opened.close()
  const { reply } = opened
  if (reply === null) return { cause: 'unreachable', word: 'MASTER_UNKNOWN' }
  if (!Array.isArray(reply)) return { cause: 'answer_invalid', word: '' }
  const [host, port] = reply as unknown[]
  if (typeof host !== 'string' || host === '' || !/^\d{1,5}$/.test(String(port))) {
    return { cause: 'answer_invalid', word: '' }
  }
  return { host, port: Number(port) }
}

/** Host and port of text that the options have checked; an IPv6 address without its brackets. */
function addressOf(written: string, otherwise: number): Address {
  const [, host = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(written) ?? []
  return { host: host.replaceAll(/^\[|\]$/g, ''), port: port === '' ? otherwise : Number(port) }
}

function hostPort({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
