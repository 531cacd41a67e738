// What may be shown of a request's query and headers. Everything is hidden that nobody has allowed, by value: the names
// stay readable. Used by every signal and page that shows either.

import type { Options } from '../config/options.ts'

/** Never shown, whatever the options say. */
const ALWAYS_MASKED = ['authorization', 'cookie', 'set-cookie', 'proxy-authorization']
/** Nor what is called like a secret: a name says so more often than anybody lists it. */
export const SECRET_NAME =
  /auth|cookie|token|secret|passw|credential|session|signature|assertion|api-?key|csrf|xsrf|jwt/i

export interface MaskOptions {
  /** What stands in place of a hidden value. */
  readonly maskValue: string
  /** Header names beside those that are always masked, in any case. */
  readonly headerKeys: readonly string[]
  /** Header that carries the api key. */
  readonly apiKeyHeader: string
  /** Query keys whose values may be shown, as they are spelled in the query. */
  readonly queryAllowList: readonly string[]
}

/** The mask that a gateway's options describe. */
export function maskOf(options: Options): Mask {
  return new Mask({
    maskValue: options['proxy.header_mask_Value'],
    headerKeys: options['proxy.mask_header_keys'],
    apiKeyHeader: options['plugins.apiKey.header_key'],
    queryAllowList: options['tracing.query_allow_list'],
  })
}

export class Mask {
  readonly #value: string
  readonly #headers: ReadonlySet<string>
  readonly #query: ReadonlySet<string>

  constructor({ maskValue, headerKeys, apiKeyHeader, queryAllowList }: MaskOptions) {
    this.#value = maskValue
    const names = [...ALWAYS_MASKED, apiKeyHeader, ...headerKeys]
    this.#headers = new Set(names.map((name) => name.trim().toLowerCase()))
    this.#query = new Set(queryAllowList)
  }

  /**
   * The pairs of a flat name, value list, with hidden values replaced, in URLs (Referer) those of the query.
   * @param secret names in lower case that are hidden too
   */
  headers(rawHeaders: readonly string[], secret: readonly string[] = []): [name: string, value: string][] {
    const pairs: [string, string][] = []
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] ?? ''
      const lower = name.toLowerCase()
      const hidden = this.#headers.has(lower) || SECRET_NAME.test(name) || secret.includes(lower)
      pairs.push([name, hidden ? this.#value : this.#maskedUrl(rawHeaders[index + 1] ?? '')])
    }
    return pairs
  }

  #maskedUrl(value: string): string {
    const mark = value.indexOf('?')
    if (mark < 0 || value.includes(' ')) return value
    return `${value.slice(0, mark + 1)}${this.query(value.slice(mark + 1))}`
  }

  /**
   * A query (without the question mark) with every value replaced but those of allow-listed keys. A part without an
   * equals sign may be a bare token: it is hidden whole unless it is allow-listed. A key that is written with
   * percent-encoding is not recognised, and hidden.
   */
  query(query: string): string {
    if (query === '') return ''
    return query
      .split('&')
      .map((part) => this.#part(part))
      .join('&')
  }

  #part(part: string): string {
    const equals = part.indexOf('=')
    const key = equals < 0 ? part : part.slice(0, equals)
    if (part === '' || this.#query.has(key)) return part
    return equals < 0 ? this.#value : `${key}=${this.#value}`
  }
}
