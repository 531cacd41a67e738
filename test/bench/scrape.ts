// What a scrape costs everybody else: the longest time that the event loop stands still while a page of 10,000 ApiProxies
// with traffic goes to a reader in another thread; beside it prom-client's page of the same families, in one go. Run by
// `npm run bench`. Garbage collection is in the figures, as it is in real life; so the rounds are not interleaved, for the one
// would clear away in its time what the other leaves behind.

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { Health } from '../../src/admin/health.ts'
import { createMetricsServer } from '../../src/admin/metrics-server.ts'
import { CONTENT_TYPES, type ExpositionFormat } from '../../src/telemetry/exposition.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import type { Witness } from '../../src/telemetry/exemplars.ts'
import { bareRoute, bareSnapshot } from '../support/bare-snapshot.ts'
import { attemptOf, exchangeRecord, failedRecord } from '../support/exchange-records.ts'
import { longestStandstill } from './standing-still.ts'
import { promClientPage } from '../support/scrape-page.ts'

const APIPROXIES = 10_000
const ROUNDS = 5
const TIMES = { totalMs: 10, upstreamMs: 4, gatewayMs: 6, pluginsMs: 0 }
const LOG = { info: () => undefined, warn: () => undefined, error: () => undefined }
const VITALS = { ready: () => true, downstreamConnections: () => 0, upstreamConnections: () => 0 }

const FORMATS = ['text', 'openmetrics'] as const
/** What the machine itself does to a loop that has nothing to do: no figure below that means anything. */
const NOTHING_MS = 1000
const COLUMNS = ['bytes', 'total ms', 'median', 'block ms', 'max', 'own ms', 'median', 'max']

interface Seen {
  readonly bytes: number
  readonly totalMs: number
  readonly longestMs: number
  readonly ownMs: number
}

/** Prints a table to standard output. */
export async function benchScrape(): Promise<void> {
  const heap = heapBytes()
  const metrics = metricsWithTraffic()
  const aProxy = (heapBytes() - heap) / APIPROXIES
  const server = createMetricsServer({ metrics, health: HEALTH, log: LOG })
  const listening = await server.listen({ option: 'prometheus.insecure_port', port: 0, address: '127.0.0.1' })
  if ('problem' in listening) throw new Error(listening.problem)
  const url = `http://127.0.0.1:${listening.port}/metrics`
  const rows = new Map<string, Seen[]>()
  const rounds = async (name: string, run: () => Promise<{ bytes: number; ms: number }>): Promise<void> => {
    for (let round = 0; round <= ROUNDS; round++) {
      const found = await seen(run)
      // The first one warms up.
      if (round > 0) rows.set(name, [...(rows.get(name) ?? []), found])
    }
  }
  await rounds('nothing at all', nothing)
  for (const format of FORMATS) await rounds(`${format}, in pieces`, () => scraped(url, format))
  for (const format of FORMATS) await rounds(`${format}, prom-client`, () => inOneGo(metrics, format))
  await server.close()
  say(
    `a scrape of ${APIPROXIES} ApiProxies with traffic, ${ROUNDS} rounds; ${aProxy.toFixed(0)} bytes an ApiProxy`,
  )
  say('longest block: how long the event loop stood still; own: without what it waited for a core')
  say(`${'page'.padEnd(24)}${COLUMNS.map((column) => column.padStart(12)).join('')}`)
  for (const [name, all] of rows) say(`${name.padEnd(24)}${row(all)}`)
}

const HEALTH = new Health({
  current: () => bareSnapshot(),
  listening: () => true,
  draining: () => false,
  blocked: () => undefined,
  keys: () => ({ problem: undefined, drained: true }),
})

function metricsWithTraffic(): Metrics {
  const metrics = new Metrics({
    version: '1',
    source: 'directory',
    vitals: VITALS,
    servedCertificates: () => [],
  })
  const snapshot = bareSnapshot()
  for (let index = 0; index < APIPROXIES; index++) {
    const route = bareRoute({ namespace: `team-${index % 97}`, apiproxy: `service-${index}` })
    const records = [
      exchangeRecord({ snapshot, route }),
      exchangeRecord({ snapshot, route, method: 'POST', status: 201 }),
      exchangeRecord({ snapshot, route, status: 404 }),
      failedRecord('connection_refused', { snapshot, route }),
    ]
    for (const record of records) {
      record.attempt = attemptOf(record)
      metrics.observeExchange(record, { ...TIMES, totalMs: Math.random() * 100 }, witness(index))
    }
  }
  return metrics
}

function witness(index: number): Witness {
  return {
    traceId: index.toString(16).padStart(32, 'a'),
    spanId: index.toString(16).padStart(16, 'b'),
    at: Date.now() / 1000,
  }
}

async function scraped(url: string, format: ExpositionFormat): Promise<{ bytes: number; ms: number }> {
  const worker = new Worker(new URL('scraper.ts', import.meta.url), {
    workerData: { url, accept: CONTENT_TYPES[format] },
  })
  const [[told]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  return told as { bytes: number; ms: number }
}

async function nothing(): Promise<{ bytes: number; ms: number }> {
  await new Promise((resolve) => setTimeout(resolve, NOTHING_MS))
  return { bytes: 0, ms: NOTHING_MS }
}

async function inOneGo(metrics: Metrics, format: ExpositionFormat): Promise<{ bytes: number; ms: number }> {
  const started = performance.now()
  const page = await promClientPage(metrics.families, format)
  return { bytes: Buffer.byteLength(page), ms: performance.now() - started }
}

async function seen(run: () => Promise<{ bytes: number; ms: number }>): Promise<Seen> {
  const { result, longestMs, ownMs } = await longestStandstill(run)
  return { bytes: result.bytes, totalMs: result.ms, longestMs, ownMs }
}

function heapBytes(): number {
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function row(all: readonly Seen[]): string {
  const sorted = (of: (seen: Seen) => number): number[] => all.map(of).toSorted((a, b) => a - b)
  const middle = all.length >> 1
  const totals = sorted(({ totalMs }) => totalMs)
  const blocks = sorted(({ longestMs }) => longestMs)
  const own = sorted(({ ownMs }) => ownMs)
  const cells = [totals[0], totals[middle], blocks[middle], blocks.at(-1), own[0], own[middle], own.at(-1)]
  const bytes = String(all[0]?.bytes ?? 0).padStart(12)
  return bytes + cells.map((cell = 0) => cell.toFixed(2).padStart(12)).join('')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) await benchScrape()
