// Metric families as whoever owns the values gives them, and the formats of a scrape. A family is read lazily, a series
// at a time: there may be hundreds of thousands, and nobody may stand still while they are listed.

/** Never changed once given: the text of an object is made once (sample-lines.ts). */
export type Labels = Readonly<Record<string, string | number>>

/** The latest observation that landed in a slot, and who made it; OpenMetrics 1.0, section "Exemplars". */
export interface Exemplar {
  readonly labelSet: Readonly<Record<string, string>>
  readonly value: number
  /** Seconds since the epoch. */
  readonly timestamp: number
}

/** One line of a scrape. It holds values only, and so may come from another process. */
export interface Sample {
  readonly labels: Labels
  /** Labels that many samples have in common, behind those of `labels`; no name stands in both. */
  readonly sharedLabels?: Labels | undefined
  readonly value: number
  /** Where it is not the family's: `NAME_bucket`, `NAME_sum`, `NAME_count`. */
  readonly metricName?: string | undefined
  readonly exemplar?: Exemplar | undefined
}

/** Samples that were read at one moment: of a histogram, all buckets, sum and count of a series stand in one. */
export type Reading = readonly Sample[]

export interface Family {
  /** A counter's ends in `_total`. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  /**
   * Called once at the start of each scrape, which settles what series there are; each reading is taken when its turn
   * comes. One takes a fraction of a millisecond, or is a promise; long work for it pauses by giving empty ones.
   */
  readonly readings: () => Iterable<Reading | Promise<Reading>>
}

/** @param samples all of the family, read when its turn comes: for families that are small by nature */
export function counter(name: string, help: string, samples: () => Reading): Family {
  return { name, help, type: 'counter', readings: () => single(samples) }
}

export function gauge(name: string, help: string, samples: () => Reading): Family {
  return { name, help, type: 'gauge', readings: () => single(samples) }
}

export function histogram(name: string, help: string, samples: () => Reading): Family {
  return { name, help, type: 'histogram', readings: () => single(samples) }
}

/** The one reading of a family that is read in one go. */
export function* single<T extends Reading | Promise<Reading>>(read: () => T): Generator<T> {
  yield read()
}

export const NO_LABELS: Labels = {}

/** The samples of a family without labels. */
export function one(value: number): Sample[] {
  return [{ labels: NO_LABELS, value }]
}

export type ExpositionFormat = 'openmetrics' | 'text'

export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  text: 'text/plain; version=0.0.4; charset=utf-8',
}

/**
 * The format that an Accept field asks for: OpenMetrics 1.0 where it is named and not ranked below text/plain, else text
 * (RFC 9110 section 12.5.1; a wildcard asks for text, which every reader knows).
 */
export function formatFor(accept: string | undefined): ExpositionFormat {
  let openMetrics = 0
  let text = 0
  for (const part of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim())
    const quality = qualityOf(parameters)
    if (type === 'application/openmetrics-text') openMetrics = Math.max(openMetrics, quality)
    else if (type === 'text/plain') text = Math.max(text, quality)
  }
  return openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text'
}

/** 0 where the weight is not well-formed: such a part asks for nothing. */
function qualityOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => parameter.startsWith('q='))
  if (weight === undefined) return 1
  const value = Number(weight.slice(2))
  return value >= 0 && value <= 1 ? value : 0
}
