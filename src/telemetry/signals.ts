// Everything that tells what goes on, put together: tracing, metrics, the access log, and the recorder that writes a
// request's signals. The composition root starts it before all else and stops it last.

import type { Options } from '../config/options.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { AccessLog, type AccessLogOutput } from './access-log.ts'
import type { ResourceEvent } from '../events/event.ts'
import type { JournalStats } from '../events/journal/writer.ts'
import type { State } from '../events/state.ts'
import type { CertificateEnd } from './certificate-metrics.ts'
import type { Log } from './log.ts'
import type { BatchSpan } from './batch-links.ts'
import { type Mask, maskOf } from './masking.ts'
import { Metrics, type OtherProcesses } from './metrics.ts'
import type { Vitals } from './process-families.ts'
import { type ExchangeKeeper, Recorder } from './record.ts'
import { nodeFamilies } from './node-metrics.ts'
import { makesSpans, type Problem } from './sdk-environment.ts'
import { standardOutput } from './standard-output.ts'
import type { Traced } from './traced.ts'
import { type Inbound, NoSpans } from './tracing.ts'

export interface SignalsInputs {
  readonly log: Log
  /** `service.version`. */
  readonly version: string
  /** Label `source` of metrics: `directory`, `kubernetes`. */
  readonly source: string
  readonly vitals: Vitals
  /** What listeners serve, asked for at each scrape. */
  readonly servedCertificates: () => readonly CertificateEnd[]
  /** For the access log; standard output where absent. */
  readonly stdout?: AccessLogOutput
  /** Remembers finished exchanges. */
  readonly keeper?: ExchangeKeeper
  /** Undefined without a journal. */
  readonly journal?: () => JournalStats | undefined
  /** Whose samples a scrape gets too. */
  readonly others?: OtherProcesses | undefined
}

/** A swap of the snapshot. Times are milliseconds since the epoch, fractional. */
export interface Swap {
  readonly snapshot: Snapshot
  /** What it was built from. */
  readonly state: State
  /** In the order in which they were applied. */
  readonly events: readonly ResourceEvent[]
  /** How many more there were. */
  readonly eventsCut: number
  /** When the first of the changes in it was received. */
  readonly observedAtOldest: number
  /** When the build began. */
  readonly startedAt: number
}

/** A swap whose batch another process has told of. */
export interface FollowedSwap extends Pick<Swap, 'snapshot' | 'state'> {
  readonly batch: BatchSpan | undefined
}

export interface Signals {
  readonly recorder: Recorder
  readonly metrics: Metrics
  /** For pages that show a request's headers or query. */
  readonly mask: Mask
  /** Takes a swap that has just happened: metrics and a span, which other processes may link to. */
  published(swap: Swap): BatchSpan | undefined
  /** Takes a snapshot that another process of this gateway has published and this one has built. */
  followed(swap: FollowedSwap): void
  /** Loads what the first scrape and the first export would wait for; to be called once requests are taken. */
  warmUp(): void
  /** Sends what is queued, for at most `timeoutMs`; what is left then is counted as dropped. Never rejects. */
  stop(timeoutMs?: number): Promise<void>
}

const STOP_TIMEOUT_MS = 5000

/** Starts all of it; `problem` is one line for a person, and nothing is left running then. */
export async function startSignals(options: Options, inputs: SignalsInputs): Promise<Signals | Problem> {
  const {
    log,
    version,
    source,
    vitals,
    servedCertificates,
    stdout = standardOutput(),
    keeper,
    journal,
    others,
  } = inputs
  const metrics = new Metrics({
    version,
    source,
    vitals,
    servedCertificates,
    logLinesLost: () => log.linesLost ?? 0,
    ...(journal !== undefined && { journal }),
    others,
  })
  const inbound = options['tracing.inbound']
  const onDropped = (spans: number): void => metrics.dropped('traces', spans)
  const mask = maskOf(options)
  const configFile = options['tracing.config_file']
  const traced = makesSpans(process.env, configFile)
    ? // OpenTelemetry's packages, and what writes spans: 160 ms that no other start needs.
      await (await import('./traced.ts')).startTraced({ configFile, inbound, version, log, onDropped }, mask)
    : untraced(inbound)
  if ('problem' in traced) return traced
  const accessLog = options['process.access_log']
    ? new AccessLog({ output: stdout, onDropped: (lines) => metrics.dropped('access_log', lines) })
    : undefined
  const format = options['process.log_format']
  const pretty = format === 'pretty' || (format === 'auto' && stdout.isTTY === true)
  const recorder = new Recorder({
    spans: traced.spans,
    writeBatch: traced.writeBatch,
    metrics,
    mask,
    log,
    ...(accessLog === undefined ? {} : { accessLog: { sink: accessLog, pretty } }),
    ...(keeper === undefined ? {} : { keeper }),
  })
  return {
    recorder,
    metrics,
    mask,
    published: (swap) => publish(swap, metrics, recorder),
    followed: ({ snapshot, state, batch }) => {
      const at = performance.timeOrigin + performance.now()
      metrics.published(snapshot, state, at, at)
      if (batch !== undefined) recorder.linkBatch(snapshot.revision, batch)
    },
    warmUp: () => {
      nodeFamilies()
      // In a turn of its own: a request that came meanwhile goes first.
      setImmediate(() => traced.warmUp())
    },
    stop: async (timeoutMs = STOP_TIMEOUT_MS) => {
      await Promise.all([traced.stop(timeoutMs), accessLog?.stop(timeoutMs)])
    },
  }
}

function untraced(inbound: Inbound): Traced {
  return {
    spans: new NoSpans(inbound),
    writeBatch: () => undefined,
    warmUp: () => undefined,
    stop: () => Promise.resolve(),
  }
}

function publish(
  { snapshot, state, ...batch }: Swap,
  metrics: Metrics,
  recorder: Recorder,
): BatchSpan | undefined {
  const endedAt = performance.timeOrigin + performance.now()
  metrics.published(snapshot, state, endedAt, batch.observedAtOldest)
  return recorder.recordBatch({ ...batch, endedAt, revision: snapshot.revision, hash: snapshot.hash })
}
