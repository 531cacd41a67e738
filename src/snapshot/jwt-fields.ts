// What the values of the plugin `jwt` must look like: a reader for each, which gives undefined where a rule is broken,
// and the words that say the rule. No value that may hold a secret is ever shown.

import { isIPv4 } from 'node:net'
import { list, map } from '../config/collection-kind.ts'
import { nearestName } from '../config/nearest-name.ts'
import { quoted } from '../config/quoted-text.ts'
import { duration, isOneLine } from '../config/value-kind.ts'
import { headerName } from '../config/value-rules.ts'
import { UNTOUCHABLE_HEADERS } from './untouchable-headers.ts'

export interface RequiredClaim {
  readonly name: string
  /** Absent: the claim must be there, with whatever value. */
  readonly value?: string
}

export interface ClaimHeader {
  readonly claim: string
  /** Lower case. */
  readonly header: string
  /** Names that an upstream may take for this one read alike: `x_user`, `x.user`. */
  readonly folded: string
}

/** The values of one plugin, and the first rule that one of them breaks. */
export class JwtFields {
  readonly #config: Readonly<Record<string, string>>
  #problem: string | undefined = undefined

  constructor(config: Readonly<Record<string, string>>) {
    this.#config = config
  }

  /** One line that names field and rule; undefined while none is broken. */
  get problem(): string | undefined {
    return this.#problem
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#config, name)
  }

  /** Undefined where the field is absent or breaks the rule. `says` completes "must be". */
  read<T>(
    name: string,
    says: string,
    reader: (text: string) => T | undefined,
    secret = false,
  ): T | undefined {
    const text = this.#config[name]
    if (!this.has(name) || text === undefined) return undefined
    const value = reader(text.trim())
    if (value === undefined) this.breaks(name, `must be ${says}${secret ? '' : `; it is ${quoted(text)}`}`)
    return value
  }

  breaks(name: string, rule: string): void {
    this.#problem ??= `config.${name} ${rule}`
  }

  /** Every name must be one of these, or a misspelt guard would guard less than was meant. */
  onlyKnows(names: readonly string[]): void {
    for (const name of Object.keys(this.#config)) {
      if (names.includes(name)) continue
      const nearest = nearestName(name, names)
      const meant =
        nearest === undefined ? `the plugin jwt knows ${names.join(', ')}` : `did you mean ${nearest}?`
      this.#problem ??= `config has a field ${quoted(name)} that does not exist; ${meant}`
    }
  }
}

const SKEW_MS_MAX = 600_000
const LIST_MAX = 32
const URL_CHARACTERS_MAX = 2048
const TEXT_CHARACTERS_MAX = 1000
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/
/** Those that nobody may set, and those that the gateway writes itself, strips, or that carry credentials. */
const RESERVED_HEADERS: ReadonlySet<string> = new Set([
  ...UNTOUCHABLE_HEADERS,
  'proxy-authenticate',
  'proxy-authorization',
  'authorization',
  'cookie',
  'forwarded',
  'via',
  'traceparent',
  'tracestate',
  'baggage',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
])

export const TEXT_SAYS = `text of 1 to ${TEXT_CHARACTERS_MAX} characters on one line`
export function textValue(text: string): string | undefined {
  return text !== '' && text.length <= TEXT_CHARACTERS_MAX && isOneLine(text) ? text : undefined
}

export const LIST_SAYS = `1 to ${LIST_MAX} comma-separated texts`
export function textList(text: string): readonly string[] | undefined {
  const items = list('texts').parse(text)?.value
  return items === undefined || items.length === 0 || items.length > LIST_MAX ? undefined : items
}

export const SCOPES_SAYS = `1 to ${LIST_MAX} scopes, separated by commas or spaces`
export function scopeList(text: string): readonly string[] | undefined {
  const scopes = textList(text.replaceAll(/[\s,]+/g, ','))
  return scopes?.every((scope) => SCOPE.test(scope)) ? scopes : undefined
}

export const FLAG_SAYS = 'true or false'
export function flag(text: string): boolean | undefined {
  return text === 'true' ? true : text === 'false' ? false : undefined
}

export const SKEW_SAYS = 'a duration from 0s to 10m'
export function skewMs(text: string): number | undefined {
  const value = duration(0).parse(text)?.value
  return value === undefined || value > SKEW_MS_MAX ? undefined : value
}

export const URL_SAYS =
  'an absolute https address of at most 2048 characters without user, password and fragment; http only for a ' +
  'loopback address, or with allowInsecure: "true"'
/** In the form in which it is the name of its key set. */
export function keySetUrl(text: string, insecure: boolean): string | undefined {
  const url = text.length > URL_CHARACTERS_MAX ? null : URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || text.includes('#')) return undefined
  if (url.protocol === 'https:') return url.href
  return url.protocol === 'http:' && (insecure || isLoopback(url.hostname)) ? url.href : undefined
}

export const CLAIMS_SAYS = `1 to ${LIST_MAX} claims, written name=value, or name alone where any value will do`
export function requiredClaims(text: string): readonly RequiredClaim[] | undefined {
  const claims = textList(text)?.map((item) => {
    const at = item.indexOf('=')
    return at === -1 ? { name: item } : { name: item.slice(0, at).trim(), value: item.slice(at + 1).trim() }
  })
  return claims?.every(({ name }) => name !== '') ? claims : undefined
}

export const CLAIM_HEADERS_SAYS = `1 to ${LIST_MAX} pairs claim=header, each header once and none that the gateway writes, strips or passes with credentials`
export function claimHeaders(text: string): readonly ClaimHeader[] | undefined {
  const entries = Object.entries(map('claims with header names', (claim) => claim).parse(text)?.value ?? {})
  if (entries.length === 0 || entries.length > LIST_MAX) return undefined
  const mapped: ClaimHeader[] = []
  for (const [claim, written] of entries) {
    const header = headerName(written)
    if (header === undefined || isReserved(header)) return undefined
    mapped.push({ claim, header, folded: foldHeader(header) })
  }
  return new Set(mapped.map(({ folded }) => folded)).size === mapped.length ? mapped : undefined
}

export const TOKEN_HEADER_SAYS = 'the name of a header that the gateway neither writes nor needs itself'
export function tokenHeader(text: string): string | undefined {
  const header = headerName(text)
  return header === undefined || (isReserved(header) && header !== 'authorization') ? undefined : header
}

export const COOKIE_SAYS = 'the name of a cookie'
export function cookieName(text: string): string | undefined {
  return headerName(text) === undefined ? undefined : text
}

/** What CGI and its heirs make of a header's name: they cannot tell x-user and x_user apart. */
export function foldHeader(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')
}

function isReserved(header: string): boolean {
  return RESERVED_HEADERS.has(foldHeader(header))
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
}
