// Finds the one token of a request, where the guard says to look. Nothing here looks into the token, and no text of a
// header that may hold credentials is ever shown.

import { failure, type Failure } from '../../errors/failure.ts'
import type { JwtGuard } from '../../snapshot/compile-jwt.ts'

export interface FoundToken {
  readonly token: string
  readonly place: 'header' | 'cookie'
}

/** More is not read: no token of a sane issuer is this long. */
const TOKEN_CHARACTERS_MAX = 16_384
/** The scheme and whatever follows it, as lenient as upstreams may be: no token gets past us by a tab. */
const BEARER = /^bearer(?![!#$%&'*+.^_`|~0-9a-z-])(.*)$/i

/** The header decides where it holds something that was meant as a token; the cookie is looked at only where not. */
export function findToken(guard: JwtGuard, raw: readonly string[]): FoundToken | Failure {
  const inHeader = headerToken(guard.tokenHeader, raw)
  if (inHeader !== undefined) return typeof inHeader === 'string' ? found(inHeader, 'header') : inHeader
  if (guard.tokenCookie === undefined) return missing(guard, raw)
  const inCookie = cookieToken(guard.tokenCookie, raw)
  if (inCookie === undefined) return missing(guard, raw)
  return typeof inCookie === 'string' ? found(inCookie, 'cookie') : inCookie
}

/** The parts of every Cookie field, in order: name and value without the whitespace around them. */
export function cookiePairs(value: string): readonly { readonly name: string; readonly value: string }[] {
  return value.split(';').map((part) => {
    const at = part.indexOf('=')
    if (at === -1) return { name: '', value: part.trim() }
    return { name: part.slice(0, at).trim(), value: part.slice(at + 1).trim() }
  })
}

function found(token: string, place: FoundToken['place']): FoundToken | Failure {
  if (token.length <= TOKEN_CHARACTERS_MAX) return { token, place }
  const detail = `the token has ${token.length} characters; allowed: ${TOKEN_CHARACTERS_MAX}`
  return failure('token_too_large', detail)
}

/** Undefined where there is none, so that another place may have one. */
function headerToken(name: string, raw: readonly string[]): string | Failure | undefined {
  const values = valuesOf(name, raw)
  const [value] = values
  if (value === undefined) return undefined
  if (values.length > 1)
    return failure('token_malformed', `the header ${name} is there ${values.length} times`)
  if (name !== 'authorization') return value === '' ? undefined : value
  const rest = BEARER.exec(value)?.[1]
  // Another scheme is not for us; a scheme without anything behind it is no token.
  if (rest === undefined || rest.trim() === '') return undefined
  // RFC 6750 section 2.1: spaces, then the token.
  const token = /^ +(\S+)$/.exec(rest)?.[1]
  return token ?? failure('token_malformed', 'behind the scheme Bearer is not one token after spaces')
}

function cookieToken(name: string, raw: readonly string[]): string | Failure | undefined {
  const pairs = valuesOf('cookie', raw).flatMap(cookiePairs)
  const named = pairs.filter((pair) => pair.name === name)
  if (named.length > 1) return failure('token_malformed', `the cookie ${name} is there ${named.length} times`)
  return named[0]?.value === '' ? undefined : named[0]?.value
}

function valuesOf(lowerName: string, raw: readonly string[]): string[] {
  const values: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) values.push(raw[at + 1] ?? '')
  }
  return values
}

function missing({ tokenHeader, tokenCookie }: JwtGuard, raw: readonly string[]): Failure {
  const isThere = valuesOf(tokenHeader, raw).length > 0
  const header = tokenHeader === 'authorization' ? 'authorization with the scheme Bearer' : tokenHeader
  const seen = isThere ? `the header ${tokenHeader} holds no token` : `there is no header ${tokenHeader}`
  const cookie = tokenCookie === undefined ? '' : ` or a cookie ${tokenCookie}`
  return failure('token_missing', `${seen}; looked for ${header}${cookie}`)
}
