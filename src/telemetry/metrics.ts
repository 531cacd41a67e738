// Every metric of the gateway and the page that a scrape gets. Values live in typed arrays (typed-counter.ts,
// typed-histogram.ts) and become samples when a scrape comes to them; labels come from closed sets and from the snapshot alone.
// It must never take a label from a request as it was sent.

import { ERROR_FACTS } from '../errors/catalogue.ts'
import { REJECTIONS } from '../errors/rejections.ts'
import { entryAt, routesOf } from '../snapshot/route-table.ts'
import type { Route, Snapshot } from '../snapshot/snapshot.ts'
import type { TimeSplit } from './time-split.ts'
import type { ExchangeRecord } from './exchange-record.ts'
import type { Witness } from './exemplars.ts'
import type { JournalStats } from '../events/journal/writer.ts'
import type { State } from '../events/state.ts'
import { type CertificateEnd, CertificateMetrics } from './certificate-metrics.ts'
import {
  CONTENT_TYPES,
  counter,
  type ExpositionFormat,
  type Family,
  formatFor,
  gauge,
  histogram,
  one,
  NO_LABELS,
} from './exposition.ts'
import { expositionPieces } from './exposition-pages.ts'
import { GuardCounter } from './guard-counter.ts'
import { limitFamilies } from './limit-families.ts'
import { LimitMetrics } from './limit-metrics.ts'
import { journalFamilies } from './journal-metrics.ts'
import { METRIC, type Signal, SIGNALS } from './names.ts'
import { nodeFamilies } from './node-metrics.ts'
import { processFamilies, type Vitals } from './process-families.ts'
import { routeFamilies } from './route-families.ts'
import { SeriesTable } from './series-table.ts'
import { SnapshotMetrics } from './snapshot-metrics.ts'
import { TypedCounter } from './typed-counter.ts'
import { FINE_BOUNDS, TypedHistogram } from './typed-histogram.ts'

/** Other processes of this gateway, whose samples a scrape gets together with those of this one. */
export interface OtherProcesses {
  /** What is known only of them as a whole. */
  readonly families: readonly Family[]
  /** Asks them, once a scrape. It never rejects; who does not answer counts with what it said last. */
  gather(): Promise<void>
  /** The readings of a family over all processes. */
  over(family: Family): ReturnType<Family['readings']>
}

export interface MetricsInputs {
  readonly version: string
  readonly vitals: Vitals
  /** What listeners serve, asked for at each scrape. */
  readonly servedCertificates: () => readonly CertificateEnd[]
  /** Label `source` of kanali_source_synced: `directory`, `kubernetes`. */
  readonly source: string
  /** Most ApiProxies with series of their own. */
  readonly routeSeriesMax?: number
  /** Lines of the program's log that were lost so far. */
  readonly logLinesLost?: () => number
  /** Undefined without a journal. */
  readonly journal?: () => JournalStats | undefined
  /** Absent where this process is the whole gateway, or asked by the one that speaks for it. */
  readonly others?: OtherProcesses | undefined
}

export class Metrics {
  readonly #others: OtherProcesses | undefined
  /** All but those of Node. */
  readonly #ownFamilies: readonly Family[]
  readonly #series: SeriesTable
  readonly #errors = new TypedCounter(
    ERROR_FACTS.map(({ codeText, reason, blame }) => ({ code: codeText, reason, blame })),
  )
  readonly #errorSlots = new Map<string, number>(ERROR_FACTS.map(({ reason }, slot) => [reason, slot]))
  readonly #rejected = new TypedCounter(REJECTIONS.map(({ reason }) => ({ reason })))
  readonly #rejectedSlots = new Map<string, number>(REJECTIONS.map(({ reason }, slot) => [reason, slot]))
  readonly #guards = new GuardCounter()
  readonly #certificates: CertificateMetrics
  readonly snapshots: SnapshotMetrics
  /** For limiters, which count by it. */
  readonly limits = new LimitMetrics()
  readonly #dropped = new TypedCounter(SIGNALS.map((signal) => ({ signal })))
  readonly #gateway = new TypedHistogram(FINE_BOUNDS)
  readonly #logLinesLost: () => number
  #logLinesSeen = 0
  #inFlight = 0
  #uncaught = 0
  #trailersDropped = 0

  constructor(inputs: MetricsInputs) {
    const { source, routeSeriesMax, logLinesLost = () => 0, journal = () => undefined, others } = inputs
    this.#others = others
    this.#logLinesLost = logLinesLost
    this.snapshots = new SnapshotMetrics(source)
    this.#series = new SeriesTable(routeSeriesMax)
    this.#certificates = new CertificateMetrics(inputs.servedCertificates)
    this.#ownFamilies = [
      ...processFamilies(inputs.version, inputs.vitals),
      ...routeFamilies(this.#series),
      ...this.#requestFamilies(),
      ...limitFamilies(this.limits),
      ...this.snapshots.families(),
      this.#certificates.family(),
      ...journalFamilies(journal),
    ]
  }

  /** All of this process, in the order of a scrape. The first who asks begins those of Node. */
  get families(): readonly Family[] {
    return [...this.#ownFamilies, ...nodeFamilies()]
  }

  /** Everything there is to say of one finished exchange. */
  observeExchange(record: ExchangeRecord, times: TimeSplit, witness: Witness): void {
    const series = this.#series.of(record.route, this.#isLive)
    const { failure, rejection, outcome } = record
    const code = outcome === 'error' && failure !== undefined ? failure.fact.code : -1
    series.count({ method: record.method, status: record.status, code, outcome }, witness)
    series.spend(times)
    series.duration.observe(times.totalMs / 1000, witness)
    if (record.attempt !== undefined) series.upstream.observe(times.upstreamMs / 1000, witness)
    this.#gateway.observe(times.gatewayMs / 1000, witness)
    this.#guards.count(record, witness)
    if (record.limitFallback !== undefined) this.limits.fellBack(record.limitFallback)
    if (record.requestTrailersDropped) this.#trailersDropped++
    if (code >= 0 && failure !== undefined) {
      const slot = this.#errorSlots.get(failure.fact.reason)
      if (slot !== undefined) this.#errors.add(slot, 1, witness)
    }
    if (outcome === 'rejected' && rejection !== undefined) {
      const slot = this.#rejectedSlots.get(rejection.reason)
      if (slot !== undefined) this.#rejected.add(slot, 1, witness)
    }
  }

  inFlight(delta: 1 | -1): void {
    this.#inFlight += delta
  }

  /** Takes a swap that has just happened (ms since the epoch); the series of ApiProxies that it removed go. */
  published(snapshot: Snapshot, state: State, at: number, observedAtOldest: number): void {
    this.snapshots.published(snapshot, at, observedAtOldest)
    this.#certificates.observeSecrets(state.kinds.Secret.objects)
    for (const { namespace, name } of snapshot.changes.removedApiProxies) this.#series.remove(namespace, name)
  }

  /** Counts what telemetry lost: spans, lines, or requests whose signals could not be written. */
  dropped(signal: Signal, count = 1): void {
    this.#dropped.add(SIGNALS.indexOf(signal), count)
  }

  /** Counts an exception that nobody caught. */
  countFault(): void {
    this.#uncaught++
  }

  /** The page of a scrape: OpenMetrics with exemplars where Accept asks for it, else text 0.0.4. */
  expose(accept: string | undefined): { contentType: string; pieces: AsyncGenerator<Buffer> } {
    const format = formatFor(accept)
    const others = this.#others
    const pieces =
      others === undefined
        ? expositionPieces(this.families, format)
        : piecesOfAll(this.families, others, format)
    return { contentType: CONTENT_TYPES[format], pieces }
  }

  readonly #isLive = (route: Route): boolean => {
    const { live } = this.snapshots
    if (live === undefined) return true
    const entry = entryAt(live.routes, route.path)
    if (entry === undefined) return false
    for (const { namespace, apiproxy } of routesOf(entry)) {
      if (namespace === route.namespace && apiproxy === route.apiproxy) return true
    }
    return false
  }

  #requestFamilies(): Family[] {
    const { gatewayDuration } = METRIC
    return [
      counter(METRIC.errors, 'Requests that ended in an error of the catalogue.', () =>
        this.#errors.samples(),
      ),
      counter(
        METRIC.guardDecisions,
        'What the built-in guards said of requests, and why they denied them.',
        () => this.#guards.samples(),
      ),
      counter(METRIC.rejected, 'Requests that HTTP itself refuses.', () => this.#rejected.samples()),
      histogram(
        gatewayDuration,
        "The gateway's own time before the head of the answer, without upstream and plugins.",
        () => this.#gateway.samples(gatewayDuration, NO_LABELS),
      ),
      gauge(METRIC.requestsInFlight, 'Requests under way.', () => one(this.#inFlight)),
      counter(METRIC.trailersDropped, 'Requests whose trailers were not all passed on.', () =>
        one(this.#trailersDropped),
      ),
      counter(METRIC.telemetryDropped, 'Spans, log lines and records that were lost.', () => {
        const lost = this.#logLinesLost()
        this.dropped('log', lost - this.#logLinesSeen)
        this.#logLinesSeen = lost
        return this.#dropped.samples()
      }),
      counter(METRIC.uncaught, 'Exceptions that nobody caught.', () => one(this.#uncaught)),
    ]
  }
}

async function* piecesOfAll(
  families: readonly Family[],
  others: OtherProcesses,
  format: ExpositionFormat,
): AsyncGenerator<Buffer> {
  await others.gather()
  const merged = families.map((family) => ({ ...family, readings: () => others.over(family) }))
  yield* expositionPieces([...merged, ...others.families], format)
}
