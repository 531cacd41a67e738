// From claims to the header fields that an upstream may trust, and what is taken out of the request for that: fields of
// those names that a client sent, and the token. Only text that means the same at the upstream becomes a header.

import type { JwtGuard } from '../../snapshot/compile-jwt.ts'
import { foldHeader } from '../../snapshot/jwt-fields.ts'
import type { HeaderFields } from '../header-fields.ts'
import { type Claims, claimOf, scalarText } from './claims.ts'
import { cookiePairs, type FoundToken } from './find-token.ts'

export interface MappedClaims {
  /** Flat list of names and values. */
  readonly headers: readonly string[]
  /** Names of claims that are there and cannot be a header. */
  readonly leftOut: readonly string[]
}

const VALUE_CHARACTERS_MAX = 4096
/** Visible ASCII, with spaces inside only. */
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

export function mapClaims(guard: JwtGuard, claims: Claims): MappedClaims {
  const headers: string[] = []
  const leftOut: string[] = []
  for (const { claim, header } of guard.claimHeaders) {
    const value = claimOf(claims, claim)
    if (value === undefined || value === null) continue
    const text = headerText(value)
    if (text === undefined) leftOut.push(claim)
    else headers.push(header, text)
  }
  return { headers, leftOut }
}

/** Changes what the upstream sees: to be called once, after the guard let the request pass. */
export function applyClaims(
  guard: JwtGuard,
  { headers }: Pick<MappedClaims, 'headers'>,
  place: FoundToken['place'],
  fields: HeaderFields,
): void {
  if (guard.claimHeaders.length > 0) removeInbound(guard, fields)
  if (!guard.forwardToken && place === 'header') fields.removeHeader(guard.tokenHeader)
  // A cookie beside a token in the header was not looked at: an upstream must not take it for good.
  const { tokenCookie } = guard
  if (tokenCookie !== undefined && !(guard.forwardToken && place === 'cookie'))
    removeCookie(tokenCookie, fields)
  for (let at = 0; at < headers.length; at += 2) fields.setHeader(headers[at] ?? '', headers[at + 1] ?? '')
}

/** A list becomes one text joined by commas, if none of its items has one. */
function headerText(value: unknown): string | undefined {
  const text = Array.isArray(value) ? joined(value) : scalarText(value)
  return text !== undefined && text.length <= VALUE_CHARACTERS_MAX && PLAIN.test(text) ? text : undefined
}

function joined(values: readonly unknown[]): string | undefined {
  const texts = values.map(scalarText)
  return texts.every((text) => text !== undefined && text !== '' && !text.includes(','))
    ? texts.join(',')
    : undefined
}

/** Also where the claim is absent: else a client could say it itself. */
function removeInbound({ claimHeaders }: JwtGuard, fields: HeaderFields): void {
  const names = fields.headers().filter((_, index) => index % 2 === 0)
  for (const name of names) {
    const mapped = claimHeaders.some(
      ({ folded }) => folded.length === name.length && folded === foldHeader(name),
    )
    if (mapped) fields.removeHeader(name)
  }
}

function removeCookie(name: string, fields: HeaderFields): void {
  const values = fields.headerValues('cookie')
  const kept = values.map((value) => {
    const pairs = cookiePairs(value)
    if (!pairs.some((pair) => pair.name === name)) return value
    return pairs
      .filter((pair) => pair.name !== name)
      .map((pair) => (pair.name === '' ? pair.value : `${pair.name}=${pair.value}`))
      .join('; ')
  })
  if (kept.every((value, index) => value === values[index])) return
  fields.removeHeader('cookie')
  for (const value of kept) if (value !== '') fields.addHeader('cookie', value)
}
