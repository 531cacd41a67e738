// Metric families of our own in prom-client's registries, which format them. prom-client's own classes hash labels at
// every call and cannot be filled from buckets; a registry asks a metric for nothing but its samples.

import type { Registry } from 'prom-client'
import type { Exemplar } from './exemplars.ts'

export type Labels = Readonly<Record<string, string | number>>

export interface Sample {
  readonly labels: Labels
  /** Labels that many samples share: the registry formats the same object once. */
  readonly sharedLabels?: Labels
  readonly value: number
  /** Where it is not the family's: `NAME_bucket`, `NAME_sum`, `NAME_count`. */
  readonly metricName?: string
  readonly exemplar?: Exemplar | undefined
}

export interface Family {
  /** A counter's ends in `_total`. */
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  /** Called at each scrape. */
  readonly samples: () => readonly Sample[] | Promise<readonly Sample[]>
}

/** @param samples called at each scrape */
export function counter(name: string, help: string, samples: Family['samples']): Family {
  return { name, help, type: 'counter', samples }
}

export function gauge(name: string, help: string, samples: Family['samples']): Family {
  return { name, help, type: 'gauge', samples }
}

export function histogram(name: string, help: string, samples: Family['samples']): Family {
  return { name, help, type: 'histogram', samples }
}

/** The samples of a family without labels. */
export function one(value: number): Sample[] {
  return [{ labels: {}, value }]
}

/** Puts a family into a registry. Each registry gets an object of its own: in OpenMetrics it renames counters in place. */
export function registerFamily(registry: Registry, { name, help, type, samples }: Family): void {
  const metric = {
    name,
    help,
    type,
    aggregator: 'sum',
    async get() {
      return { name: metric.name, help, type, values: await samples(), aggregator: 'sum' }
    },
    reset() {
      // What is counted here is reset by nobody.
    },
  }
  // The declared parameter is one of prom-client's classes; the registry uses `name`, `type` and `get` alone
  // (lib/registry.js), which test/telemetry/metrics.test.ts holds it to.
  registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0])
}

export type ExpositionFormat = 'openmetrics' | 'text'

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
