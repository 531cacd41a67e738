// What may be shown of a request's query and headers. Everything is hidden that nobody has allowed, by value: the names
// stay readable. Used by every signal and page that shows either.

/** Never shown, whatever the options say. */
const ALWAYS_MASKED = ['authorization', 'cookie', 'set-cookie', 'proxy-authorization']

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

  /** The pairs of a flat name, value list, with hidden values replaced. */
  headers(rawHeaders: readonly string[]): [name: string, value: string][] {
    const pairs: [string, string][] = []
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
      const name = rawHeaders[index] ?? ''
      pairs.push([name, this.#headers.has(name.toLowerCase()) ? this.#value : (rawHeaders[index + 1] ?? '')])
    }
    return pairs
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
