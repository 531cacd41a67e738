// Where the time of one exchange went, worked out once from its record and read by every signal. All in milliseconds.

import type { Attempt, ExchangeRecord } from './exchange-record.ts'

export interface TimeSplit {
  /** From the head of the request to the end of the exchange. */
  totalMs: number
  /** From the dispatch to the head of the upstream's answer, or to the attempt's end without one; 0 without an attempt. */
  upstreamMs: number
  /** Until the head of our answer, without upstream and plugins. */
  gatewayMs: number
  /** In plugins, both ways. */
  pluginsMs: number
}

/** The times of an exchange, as on its record. */
export interface Times extends Pick<ExchangeRecord, 'startedAt' | 'respondedAt' | 'endedAt' | 'pluginMs'> {
  readonly attempt: Pick<Attempt, 'startedAt' | 'headAt' | 'endedAt'> | undefined
}

/** Fills `into`, so that a request allocates nothing for it. */
export function splitTime(record: Times, into: TimeSplit): TimeSplit {
  const { startedAt, attempt } = record
  const end = record.endedAt === 0 ? performance.now() : record.endedAt
  const answered = record.respondedAt === 0 ? end : record.respondedAt
  let upstream = 0
  if (attempt !== undefined) {
    const until = attempt.headAt === 0 ? (attempt.endedAt === 0 ? end : attempt.endedAt) : attempt.headAt
    upstream = Math.max(0, until - attempt.startedAt)
  }
  into.totalMs = Math.max(0, end - startedAt)
  into.upstreamMs = upstream
  into.pluginsMs = record.pluginMs
  into.gatewayMs = Math.max(0, answered - startedAt - upstream - record.pluginMs)
  return into
}

/** Three digits behind the point: microseconds. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
