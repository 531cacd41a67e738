// When a revision is to end. An ApiKey has no field for it, so an annotation of it says so, one for each such revision;
// the gateway reads no clock and acts on none of them: `kanalictl apikey expire` does.

import { createHash } from 'node:crypto'
import { escapeText } from '../../resources/problems.ts'
import type { ApiKey } from '../../resources/resource.ts'
import { normaliseTimestamp } from '../../resources/timestamp.ts'
import { Refusal } from './refusal.ts'

/** The revision's digest follows: its place in the list can change. */
const ANNOTATION = 'kanali.io/inactive-after.'
const DIGEST_DIGITS = 16
const DURATION = /^(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?$/
const DURATION_MS_MAX = 3650 * 86_400_000

/** At once, or on a date as in RFC 3339. */
export type End = 'now' | (string & {})

/** Name of the annotation for the revision with this data; the data is a cipher text, so a digest tells nothing. */
export function endAnnotation(data: string): string {
  return ANNOTATION + createHash('sha256').update(data).digest('hex').slice(0, DIGEST_DIGITS)
}

export interface EndDates {
  /** RFC 3339 in UTC, by the revision's place in the list. */
  readonly dates: ReadonlyMap<number, string>
  /** Annotations for revisions that are not there any more, or are Inactive already. */
  readonly idle: readonly string[]
}

/** What the annotations of an ApiKey say, or which of them is no date. */
export function endDatesOf({ meta, revisions }: ApiKey): EndDates | { readonly problem: string } {
  const dates = new Map<number, string>()
  const idle: string[] = []
  for (const [name, text] of Object.entries(meta.annotations)) {
    if (!name.startsWith(ANNOTATION)) continue
    const index = revisions.findIndex(
      ({ data, status }) => status === 'Active' && endAnnotation(data) === name,
    )
    const date = normaliseTimestamp(text)
    if (index === -1) idle.push(name)
    else if (date !== undefined) dates.set(index, inSeconds(date))
    else return { problem: `the annotation ${escapeText(name)} is no date as in RFC 3339` }
  }
  return { dates, idle }
}

/**
 * @param text `now`, a date as in RFC 3339, or how long from now on
 * @returns the date as RFC 3339 in UTC, in whole seconds
 */
export function endOf(text: string, nowMs: number): End {
  if (text === 'now') return 'now'
  const endMs = dateMs(text) ?? durationEndMs(text, nowMs)
  const option = `--inactive.after ${JSON.stringify(text)}`
  if (endMs === undefined) {
    throw new Refusal(
      `${option}: now, a date such as 2027-01-31T12:00:00Z, or how long from now on, such as 14d or 1d12h (3650d at most)`,
    )
  }
  if (endMs <= nowMs)
    throw new Refusal(`${option}: that is over; now makes the old revisions Inactive at once`)
  return inSeconds(new Date(Math.ceil(endMs / 1000) * 1000).toISOString())
}

function inSeconds(date: string): string {
  return date.replace('.000Z', 'Z')
}

function dateMs(text: string): number | undefined {
  const date = normaliseTimestamp(text)
  return date === undefined ? undefined : Date.parse(date)
}

function durationEndMs(text: string, nowMs: number): number | undefined {
  const found = DURATION.exec(text)
  if (found === null || text === '') return undefined
  const [, days = 0, hours = 0, minutes = 0, seconds = 0] = found
  const ms = (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
  return ms <= DURATION_MS_MAX ? nowMs + ms : undefined
}
