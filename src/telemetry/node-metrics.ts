// Node's own default metrics. They belong to the process, and their observers cannot be taken down again: they are made
// once, however many gateways run in it.

import { collectDefaultMetrics, Registry } from 'prom-client'
import type { Family, Sample } from './exposition.ts'

/** What an object in prom-client's registry can do beyond its declared type (lib/registry.js). */
interface StockMetric {
  readonly name: string
  readonly help: string
  readonly type: Family['type']
  get(): Promise<{ readonly values: readonly Sample[] }>
  getForPromString?(): Promise<{ readonly values: readonly Sample[] }>
}

let families: readonly Family[] | undefined

/** The families of `collectDefaultMetrics`, to be put into any registry. */
export function nodeFamilies(): readonly Family[] {
  families ??= collect()
  return families
}

function collect(): Family[] {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const metrics = registry.getMetricsAsArray() as unknown as readonly StockMetric[]
  return metrics.map((metric) => ({
    name: metric.name,
    help: metric.help,
    type: metric.type,
    samples: async () => (await (metric.getForPromString?.() ?? metric.get())).values,
  }))
}
