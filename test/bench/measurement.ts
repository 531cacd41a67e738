// The figures of a run of the bench and the table that shows them. Contention only ever adds, so the minimum is the
// figure to compare, and the median beside it says how much to trust it.

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
export function table(measurements: readonly Measurement[], referenceName: string): string {
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
  return aligned([COLUMNS, ...rows])
}

/** Lowest CPU time a request, in microseconds. */
export function minimum({ samples }: Measurement): number {
  return Math.min(...samples.map(({ cpuMicroseconds }) => cpuMicroseconds))
}

/** Of an even number of samples, the mean of the two in the middle. */
export function median({ samples }: Measurement): number {
  const sorted = samples.map(({ cpuMicroseconds }) => cpuMicroseconds).toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

function bestOf({ samples }: Measurement): Sample {
  const [first, ...others] = samples
  if (first === undefined) throw new Error('a measurement has no sample')
  return others.reduce((best, each) => (each.cpuMicroseconds < best.cpuMicroseconds ? each : best), first)
}

function ratio(value: number, reference: number | undefined): string {
  return reference === undefined ? '-' : (value / reference).toFixed(2)
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  )
  return `${lines.join('\n')}\n`
}
