// What may be shown of a request's query and header fields, masked and cut. It is worked out once per exchange, by
// whichever signal asks first, and kept on its record: two signals can never show two different things.

import type { Route } from '../snapshot/snapshot.ts'
import type { ExchangeRecord } from './exchange-record.ts'
import type { Mask } from './masking.ts'
import { clipped } from './visible-text.ts'

/** Attribute values are cut here: thousands of spans wait for the Collector, and clients choose these texts. */
export const ATTRIBUTE_CHARS_MAX = 2048

/** Header fields that are shown of a failed request, and characters of each value and name. */
export const HEADERS_MAX = 64
export const HEADER_CHARS_MAX = 256

/** The query with masked values; empty where there is none. */
export function shownQuery(record: ExchangeRecord, mask: Mask): string {
  if (record.query === '') return ''
  record.shownQuery ??= clipped(mask.query(record.query), ATTRIBUTE_CHARS_MAX)
  return record.shownQuery
}

/** The first fields in their order, names as sent, secrets masked. None of the texts keeps a longer one alive. */
export function shownHeaders(record: ExchangeRecord, mask: Mask): readonly (readonly [string, string])[] {
  record.shownHeaders ??= mask
    .headers(record.rawHeaders.slice(0, 2 * HEADERS_MAX), tokenHeaders(record.route))
    .map(([name, value]) => [cut(name), cut(value)] as const)
  return record.shownHeaders
}

/** A piece of a string keeps all of it in memory: what is cut is copied. */
function cut(text: string): string {
  return text.length <= HEADER_CHARS_MAX ? text : Buffer.from(clipped(text, HEADER_CHARS_MAX)).toString()
}

/** Header fields in which the guards of a route look for tokens, whatever they are called. */
function tokenHeaders(route: Route | undefined): readonly string[] {
  return (route?.plugins ?? []).flatMap(({ guard }) =>
    guard?.type === 'jwt' && guard.jwt !== undefined ? [guard.jwt.tokenHeader] : [],
  )
}
