// What remembering an exchange costs: the flight recorder's `keep`, for good and failed ones, in nanoseconds. Run by
// `npm run bench`, or alone with node. Figures are of this machine and this moment.

import { FlightRecorder } from '../../src/explain/flight-recorder.ts'
import { Mask } from '../../src/telemetry/masking.ts'
import type { ExchangeRecord } from '../../src/telemetry/exchange-record.ts'
import { attemptOf, exchangeRecord, failedRecord } from '../support/exchange-records.ts'

const RECORDS = 4096
const CALLS = 400_000
const ROUNDS = 5
const MASK = new Mask({ maskValue: 'omitted', headerKeys: [], apiKeyHeader: 'apikey', queryAllowList: [] })
const HEADERS = [
  'host',
  'shop.example',
  'user-agent',
  'curl/8.0',
  'accept',
  '*/*',
  'authorization',
  'Bearer x',
]

/** Prints a table to standard output. */
export function benchRecorder(): void {
  const upstream = (record: ExchangeRecord) => {
    record.attempt = attemptOf(record)
    return record
  }
  row('exchange remembered', 'ns', 'bytes allocated')
  bench('good, no query', () => upstream(exchangeRecord({ query: '', rawHeaders: HEADERS })))
  bench('good, query masked by its span', () => upstream(exchangeRecord({ shownQuery: 'key=omitted' })))
  bench('failed, headers masked by its span', () =>
    upstream(
      failedRecord('connection_refused', { shownQuery: '', shownHeaders: [['host', 'shop.example']] }),
    ),
  )
  bench('failed, not traced', () => upstream(failedRecord('connection_refused', { rawHeaders: HEADERS })))
}

function bench(name: string, make: () => ExchangeRecord): void {
  const recorder = new FlightRecorder({ exchanges: 1000, failedExchanges: 500 })
  const records = Array.from({ length: RECORDS }, make)
  const queries = records.map(({ shownQuery, shownHeaders }) => ({ shownQuery, shownHeaders }))
  const snapshot = records[0]?.snapshot
  for (const record of records) record.snapshot = snapshot
  let best = Infinity
  let bytes = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const heap = process.memoryUsage().heapUsed
    const started = performance.now()
    for (let index = 0; index < CALLS; index += 1) {
      const at = index % RECORDS
      const record = records[at]
      if (record === undefined) continue
      Object.assign(record, queries[at])
      recorder.keep(record, MASK)
    }
    best = Math.min(best, ((performance.now() - started) * 1e6) / CALLS)
    bytes = (process.memoryUsage().heapUsed - heap) / CALLS
  }
  row(name, best.toFixed(0), bytes < 0 ? 'collected' : bytes.toFixed(0))
}

function row(name: string, ...cells: readonly string[]): void {
  process.stdout.write(`${name.padEnd(38)}${cells.map((cell) => cell.padStart(18)).join('')}\n`)
}

if (import.meta.main) benchRecorder()
