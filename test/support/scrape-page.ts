// The page of a scrape, whole: as the gateway makes it in pieces, and as prom-client makes it of the same families in one
// go. The second is what the first is held to, and what the bench compares it with.

import { Registry } from 'prom-client'
import {
  CONTENT_TYPES,
  type ExpositionFormat,
  type Family,
  type Sample,
} from '../../src/telemetry/exposition.ts'

export async function pageOf(pieces: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = []
  for await (const piece of pieces) all.push(piece)
  return Buffer.concat(all).toString()
}

/** Every sample of a family at once. */
export async function samplesOf(family: Family): Promise<Sample[]> {
  const all: Sample[] = []
  for (const reading of family.readings()) all.push(...(await reading))
  return all
}

/** What prom-client writes of them. */
export function promClientPage(families: readonly Family[], format: ExpositionFormat): Promise<string> {
  const registry = new Registry(
    format === 'text' ? Registry.PROMETHEUS_CONTENT_TYPE : Registry.OPENMETRICS_CONTENT_TYPE,
  )
  if (registry.contentType !== CONTENT_TYPES[format]) throw new Error('prom-client has another content type')
  for (const family of families) {
    const metric = {
      name: family.name,
      async get() {
        return { name: metric.name, help: family.help, type: family.type, values: await samplesOf(family) }
      },
    }
    // The declared parameter is one of prom-client's classes; the registry uses name, type and get alone.
    const { type } = family
    registry.registerMetric(
      Object.assign(metric, { type }) as unknown as Parameters<Registry['registerMetric']>[0],
    )
  }
  return registry.metrics()
}
