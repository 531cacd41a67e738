// Node's own default metrics. They belong to the process, and their observers cannot be taken down again: they are made
// once, however many gateways run in it. prom-client comes with them: 86 files, a tenth of a start, so after it.

import { createRequire } from 'node:module'
import type * as PromClient from 'prom-client'
import { type Family, NO_LABELS, type Reading, type Sample, single } from './exposition.ts'

/** What an object in prom-client's registry can do beyond its declared type (lib/registry.js). */
interface StockMetric {
  readonly name: string
  readonly help: string
  readonly type: Family['type']
  get(): Promise<{ readonly values: readonly StockSample[] }>
  getForPromString?(): Promise<{ readonly values: readonly StockSample[] }>
}

interface StockSample extends Omit<Sample, 'labels' | 'exemplar'> {
  /** Absent where there are none. */
  readonly labels?: Sample['labels']
}

let families: readonly Family[] | undefined

/** The families of `collectDefaultMetrics`, which observe from the first call on. */
export function nodeFamilies(): readonly Family[] {
  families ??= collect()
  return families
}

function collect(): Family[] {
  const { collectDefaultMetrics, Registry } = createRequire(import.meta.url)(
    'prom-client',
  ) as typeof PromClient
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const metrics = registry.getMetricsAsArray() as unknown as readonly StockMetric[]
  return metrics.map((metric) => ({
    name: metric.name,
    help: metric.help,
    type: metric.type,
    readings: () => single(() => readingOf(metric)),
  }))
}

async function readingOf(metric: StockMetric): Promise<Reading> {
  const { values } = await (metric.getForPromString?.() ?? metric.get())
  return values.map(({ labels = NO_LABELS, sharedLabels, value, metricName }) => ({
    labels,
    sharedLabels,
    value,
    metricName,
  }))
}
