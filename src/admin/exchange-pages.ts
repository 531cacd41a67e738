// What the flight recorder remembers, as pages: a list that can be filtered, and one trace with all that is known of it.
// It shows what the recorder kept and nothing more; masked values were masked before they were kept.

import { duration } from '../config/value-kind.ts'
import { exchangeFacts } from '../explain/exchange-facts.ts'
import { type ExchangeReport, reportOf } from '../explain/exchange-report.ts'
import type { FlightRecorder } from '../explain/flight-recorder.ts'
import type { KeptExchange } from '../explain/kept-exchange.ts'
import { epochMs } from '../telemetry/clock.ts'
import { roundMs } from '../telemetry/time-split.ts'
import type { AdminRoute } from './admin-server.ts'
import { type Answer, refusal } from './answer.ts'
import { type FleetView, mergeLists, mergeTraces } from './fleet-view.ts'
import { choiceOf, integerOf, refuseUnknown } from './query.ts'

const LIMIT = { min: 1, max: 10_000, fallback: 100 }
/** A client chooses its trace id: a trace may have any number of exchanges, and a report walks all routes. */
export const REPORTS_MAX = 50
const OUTCOMES = ['ok', 'error', 'rejected', 'client_closed'] as const
const PARAMETERS = ['code', 'reason', 'apiproxy', 'since', 'outcome', 'limit']
const DURATION = duration(0)

interface Filter {
  readonly code: string | null
  readonly reason: string | null
  /** `namespace/name` */
  readonly apiproxy: string | null
  readonly outcome: string | undefined
  /** Milliseconds since the epoch. */
  readonly since: number
}

/** `GET /debug/exchanges` and `GET /debug/exchanges/<trace id>`. @param fleet the workers, where they serve */
export function exchangePages(recorder: FlightRecorder, fleet?: FleetView): readonly AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/debug/exchanges',
      answer: async ({ query }) => {
        const own = listExchanges(recorder, query)
        if (fleet === undefined || own.status !== 200) return own
        const limit = integerOf(query, 'limit', LIMIT)
        return mergeLists(await fleet.exchanges(query), typeof limit === 'number' ? limit : LIMIT.fallback)
      },
    },
    {
      method: 'GET',
      path: '/debug/exchanges/*',
      answer: async ({ segment, query }) => {
        const own = refuseUnknown(query, []) ?? traceExchanges(recorder, segment)
        if (fleet === undefined || own.status !== 404) return own
        return mergeTraces(await fleet.trace(segment), own)
      },
    },
  ]
}

/** What this process remembers, as the list of the page. */
export function listExchanges(recorder: FlightRecorder, query: URLSearchParams): Answer {
  const refused = refuseUnknown(query, PARAMETERS)
  if (refused !== undefined) return refused
  const limit = integerOf(query, 'limit', LIMIT)
  if (typeof limit !== 'number') return limit
  const outcome = choiceOf(query, 'outcome', OUTCOMES)
  if ('status' in outcome) return outcome
  const since = sinceOf(query.get('since'))
  if (since === undefined) {
    return refusal(
      400,
      'bad_query',
      'The query parameter since must be a duration such as 10m, or a time such as 2027-01-15T09:30:00Z.',
    )
  }
  const [code, reason, apiproxy] = ['code', 'reason', 'apiproxy'].map((name) => query.get(name))
  const filter: Filter = {
    code: code?.padStart(2, '0') ?? null,
    reason: reason ?? null,
    apiproxy: apiproxy ?? null,
    outcome: outcome.value,
    since,
  }
  const found = recorder.newest().filter((kept) => passes(filter, kept))
  return {
    status: 200,
    json: {
      total: found.length,
      shown: Math.min(found.length, limit),
      exchanges: found.slice(0, limit).map(lineOf),
    },
  }
}

/** All exchanges of the trace by server span id, the oldest first; the newest ones where they are too many. */
export function traceExchanges(recorder: FlightRecorder, segment: string): Answer {
  const traceId = segment.toLowerCase()
  if (!/^[0-9a-f]{32}$/.test(traceId)) {
    return refusal(
      400,
      'bad_trace_id',
      'A trace id has 32 hexadecimal digits: x-kanali-correlation-id of an answer.',
    )
  }
  const kept = recorder.ofTrace(traceId)
  if (kept.length === 0) {
    return refusal(
      404,
      'trace_not_found',
      'No exchange of this trace is remembered: it was another replica, or it is too long ago. explain.exchanges and explain.failed_exchanges say how many are kept.',
    )
  }
  const exchanges = new Map<string, ExchangeReport>()
  for (const each of kept.slice(-REPORTS_MAX)) exchanges.set(each.spanId, reportOf(exchangeFacts(each)))
  return {
    status: 200,
    json: { trace_id: traceId, total: kept.length, exchanges: Object.fromEntries(exchanges) },
  }
}

function passes(filter: Filter, kept: KeptExchange): boolean {
  if (filter.code !== null && kept.fact?.codeText !== filter.code) return false
  if (filter.reason !== null && (kept.fact ?? kept.rejection)?.reason !== filter.reason) return false
  if (filter.outcome !== undefined && kept.outcome !== filter.outcome) return false
  if (epochMs(kept.endedAt) < filter.since) return false
  return filter.apiproxy === null || apiproxyOf(kept) === filter.apiproxy
}

/** What a list shows of an exchange: nothing that must be worked out from its snapshot. */
function lineOf(kept: KeptExchange): object {
  const { texts, fact, rejection, status } = kept
  return {
    time: new Date(epochMs(kept.startedAt)).toISOString(),
    trace_id: kept.traceId,
    span_id: kept.spanId,
    method: kept.method,
    host: texts.read('host'),
    path: texts.read('path'),
    status: status === 0 ? null : status,
    outcome: kept.outcome,
    code: fact?.codeText ?? null,
    reason: (fact ?? rejection)?.reason ?? null,
    apiproxy: apiproxyOf(kept) ?? null,
    revision: kept.pin?.revision ?? null,
    duration_ms: roundMs(kept.endedAt - kept.startedAt),
  }
}

function apiproxyOf({ route, facts }: KeptExchange): string | undefined {
  const known = route ?? facts?.route
  return known === undefined ? undefined : `${known.namespace}/${known.apiproxy}`
}

/** 0 where nothing is asked for, undefined where it cannot be read. */
function sinceOf(text: string | null): number | undefined {
  if (text === null) return 0
  const ago = DURATION.parse(text)
  if (ago !== undefined) return epochMs(performance.now()) - ago.value
  const time = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
