// What a line of the access log costs: making it, and making and adding it with the writing behind it to nowhere; beside
// what a stock logger takes for the same fields. Run by `npm run bench`. Many short rounds, interleaved: the figure of a
// round that nobody disturbed is near the lower ones, so the tenth from below and the median are printed.

import pino from 'pino'
import { AccessLog, type AccessLogOutput } from '../../src/telemetry/access-log.ts'
import { jsonLine } from '../../src/telemetry/access-line.ts'
import type { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { PooledIds } from '../../src/telemetry/ids.ts'
import { roundMs, splitTime, type TimeSplit } from '../../src/telemetry/time-split.ts'
import { bareRoute, bareSnapshot } from '../support/bare-snapshot.ts'
import { attemptOf, exchangeRecord } from '../support/exchange-records.ts'

const LINES = 190
const ROUNDS = 2000
const WARMUP = 400
const NOWHERE: AccessLogOutput = { write: (_chunk, done) => done(), on: () => undefined }
const TIMES: TimeSplit = { totalMs: 0, upstreamMs: 0, gatewayMs: 0, pluginsMs: 0 }

type Way = (record: ExchangeRecord, times: TimeSplit) => void

/** Prints a table to standard output. */
export async function benchAccessLog(): Promise<void> {
  const log = new AccessLog({ output: NOWHERE, onDropped: () => undefined })
  const logger = pino({ base: null, timestamp: false }, { write: () => undefined })
  let chars = 0
  const ways: Readonly<Record<string, Way>> = {
    'the line alone': (record, times) => {
      chars += jsonLine(record, times).length
    },
    'the line, added and written': (record, times) => log.write(jsonLine(record, times)),
    'pino, thrown away': (record, times) => logger.info(fieldsOf(record, times)),
  }
  const rounds = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]))
  for (let round = 0; round < WARMUP + ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) {
      const ns = measure(way)
      if (round >= WARMUP) rounds.get(name)?.push(ns)
      // Full pieces are handed on behind the turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await log.stop(1000)
  process.stdout.write(
    `a line of the access log, ns: tenth from below, median (${chars > 0 ? ROUNDS : 0} rounds)\n`,
  )
  for (const [name, all] of rounds) {
    const sorted = all.toSorted((a, b) => a - b)
    const [low = 0, median = 0] = [sorted[Math.floor(sorted.length / 10)], sorted[sorted.length >> 1]]
    process.stdout.write(`${name.padEnd(30)}${low.toFixed(0).padStart(8)}${median.toFixed(0).padStart(8)}\n`)
  }
}

const SNAPSHOT = bareSnapshot({ revision: 7 })
const ROUTES = Array.from({ length: 1000 }, (_, index) => bareRoute({ apiproxy: `service-${index}` }))
const IDS = new PooledIds()

/** Nanoseconds a line; texts are new for each, as those of a request are. */
function measure(way: Way): number {
  const records = Array.from({ length: LINES }, (_, index) => {
    const startedAt = performance.now() + index / 10
    const record = exchangeRecord({
      snapshot: SNAPSHOT,
      route: ROUTES[index % ROUTES.length],
      startedAt,
      endedAt: startedAt + 1 + Math.random() * 3,
      traceId: IDS.generateTraceId(),
      spanId: IDS.generateSpanId(),
      path: received(`/example/orders/${index}/items`),
      host: received('api.example.com'),
      clientAddress: received('203.0.113.7'),
    })
    record.attempt = attemptOf(record, { endpoint: '10.0.0.1:8080', headAt: startedAt + 2 + Math.random() })
    return { record, times: splitTime(record, { ...TIMES }) }
  })
  const started = performance.now()
  for (const { record, times } of records) way(record, times)
  return ((performance.now() - started) * 1e6) / LINES
}

/** A string of its own, as a parser makes it. */
function received(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function fieldsOf(record: ExchangeRecord, times: TimeSplit): object {
  return {
    time: new Date().toISOString(),
    trace_id: record.traceId,
    span_id: record.spanId,
    method: record.method,
    path: record.path,
    host: record.host,
    status: record.status,
    code: null,
    reason: null,
    blame: null,
    outcome: record.outcome,
    apiproxy: record.route?.apiproxy,
    namespace: record.route?.namespace,
    apikey: null,
    revision: record.snapshot?.revision,
    duration_ms: roundMs(times.totalMs),
    upstream_ms: roundMs(times.upstreamMs),
    upstream: record.attempt?.endpoint,
    bytes_in: record.bytesIn,
    bytes_out: record.bytesOut,
    client: record.clientAddress,
  }
}

if (import.meta.main) await benchAccessLog()
