// The figures of a run of the bench and the tables that show them. Contention only ever adds, so the minimum is the
// figure to compare, and the median beside it says how much to trust it.

import { median as middle, rendered, type TableFormat } from './tables.ts'

export interface Sample {
  readonly cpuMicroseconds: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly errors: number
}

export interface Measurement {
  readonly name: string
  readonly samples: readonly Sample[]
}

/** What the gateway with everything on is to cost beside a peer. */
export interface Aim {
  readonly peer: string
  /** Ratio of CPU time a request. */
  readonly aim: number
  readonly stretch: number
}

const COLUMNS = [
  'target',
  'CPU us/request',
  'median',
  'x reference',
  'median',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'errors',
]

/** Ratios of minimum to minimum and median to median; a dash where the reference was not measured. */
export function table(
  measurements: readonly Measurement[],
  referenceName: string,
  format?: TableFormat,
): string {
  const reference = measurements.find(({ name }) => name === referenceName)
  const rows = measurements.map((measurement) => {
    const best = bestOf(measurement)
    return [
      measurement.name,
      minimum(measurement).toFixed(1),
      median(measurement).toFixed(1),
      ratio(minimum(measurement), reference && minimum(reference)),
      ratio(median(measurement), reference && median(reference)),
      best.requestsPerSecond.toFixed(0),
      best.p50Ms.toFixed(2),
      best.p99Ms.toFixed(2),
      String(measurement.samples.reduce((sum, { errors }) => sum + errors, 0)),
    ]
  })
  return rendered([COLUMNS, ...rows], format)
}

/** Where `name` stands beside each peer of the aims that was measured; undefined where there is none. */
export function aimsTable(
  measurements: readonly Measurement[],
  name: string,
  aims: readonly Aim[],
  format?: TableFormat,
): string | undefined {
  const own = measurements.find((each) => each.name === name)
  if (own === undefined) return undefined
  const rows = aims.flatMap(({ peer, aim, stretch }) => {
    const other = measurements.find((each) => each.name === peer)
    if (other === undefined) return []
    const [least, usual] = [ratio(minimum(own), minimum(other)), ratio(median(own), median(other))]
    return [[`${name} / ${peer}`, least, usual, aim.toFixed(2), stretch.toFixed(2)]]
  })
  if (rows.length === 0) return undefined
  return rendered([['CPU time a request', 'minimum', 'median', 'aim', 'stretch'], ...rows], format)
}

/** Lowest CPU time a request, in microseconds. */
export function minimum({ samples }: Measurement): number {
  return Math.min(...samples.map(({ cpuMicroseconds }) => cpuMicroseconds))
}

/** Of an even number of samples, the mean of the two in the middle. */
export function median({ samples }: Measurement): number {
  return middle(samples.map(({ cpuMicroseconds }) => cpuMicroseconds))
}

function bestOf({ samples }: Measurement): Sample {
  const [first, ...others] = samples
  if (first === undefined) throw new Error('a measurement has no sample')
  return others.reduce((best, each) => (each.cpuMicroseconds < best.cpuMicroseconds ? each : best), first)
}

function ratio(value: number, reference: number | undefined): string {
  return reference === undefined ? '-' : (value / reference).toFixed(2)
}
