// One scrape for all processes of a gateway: counters and histograms of the workers are added up, gauges too where the sum
// means something, and what belongs to a process is told of each, with the label `worker`. What a worker had counted
// when it ended stays in the sums, so that they never go down.

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Exemplar, Family, Labels, Reading, Sample } from '../telemetry/exposition.ts'
import { METRIC } from '../telemetry/names.ts'

/** What a process tells of one family. */
export interface FamilySamples {
  readonly name: string
  readonly type: Family['type']
  readonly samples: readonly Sample[]
}

/** Told by the primary alone: what only it knows, or what all processes would say alike. */
const OF_PRIMARY: ReadonlySet<string> = new Set([
  METRIC.buildInfo,
  METRIC.ready,
  METRIC.apiKeyRevisions,
  METRIC.snapshotRevision,
  METRIC.snapshotInfo,
  METRIC.snapshotPublished,
  METRIC.eventPropagation,
  METRIC.sourceSynced,
  METRIC.sourceStale,
  METRIC.sourceProblems,
  METRIC.resourceConditions,
  METRIC.certificateNotAfter,
  METRIC.journalRecords,
  METRIC.journalDropped,
  METRIC.journalGaps,
  METRIC.journalFailing,
  METRIC.journalBytes,
  METRIC.journalQueuedBytes,
])

/** Samples that are merged before other work gets a turn. */
const SLICE = 500
const PRIMARY = 'primary'

/** Node's own metrics are of a process: their sum would mean nothing. */
function isOfProcess(name: string): boolean {
  return !name.startsWith('kanali_')
}

/** What a worker tells of itself. */
export async function ownSamples(families: readonly Family[]): Promise<readonly FamilySamples[]> {
  const told: FamilySamples[] = []
  for (const { name, type, readings } of families) {
    if (OF_PRIMARY.has(name)) continue
    const samples: Sample[] = []
    let paused = 0
    for (const next of readings()) {
      for (const sample of next instanceof Promise ? await next : next) samples.push(sample)
      if (samples.length - paused < SLICE) continue
      paused = samples.length
      await nextTurn()
    }
    told.push({ name, type, samples })
  }
  return told
}

export class FleetSamples {
  /** What each worker that runs said last, by number. */
  readonly #latest = new Map<number, readonly FamilySamples[]>()
  /** What ended workers had counted, by family and series. */
  readonly #ended = new Map<string, Map<string, Sample>>()

  /** A worker was asked, or tells by itself before it ends. */
  told(worker: number, samples: readonly FamilySamples[]): void {
    this.#latest.set(worker, samples)
  }

  /** It has ended: what it had counted, as far as it was told, is kept. */
  end(worker: number): void {
    for (const { name, type, samples } of this.#latest.get(worker) ?? []) {
      if (isOfProcess(name) || type === 'gauge') continue
      const kept = this.#ended.get(name) ?? new Map<string, Sample>()
      this.#ended.set(name, kept)
      const keyOf = sampleKeys()
      for (const sample of samples) add(kept, keyOf(sample), sample)
    }
    this.#latest.delete(worker)
  }

  /** The series of an ApiProxy go with it. */
  forget(namespace: string, apiproxy: string): void {
    for (const kept of this.#ended.values()) {
      for (const [key, { labels, sharedLabels }] of kept) {
        const all = { ...sharedLabels, ...labels }
        if (all['namespace'] === namespace && all['apiproxy'] === apiproxy) kept.delete(key)
      }
    }
  }

  /** The readings of a family over all processes; those of this one are the family's own. */
  over(family: Family): Iterable<Reading | Promise<Reading>> {
    const { name } = family
    if (OF_PRIMARY.has(name)) return family.readings()
    return isOfProcess(name) ? this.#apart(family) : this.#summed(family)
  }

  *#apart({ name, readings }: Family): Generator<Reading | Promise<Reading>> {
    for (const reading of readings()) {
      yield reading instanceof Promise ? reading.then(labelledPrimary) : labelledPrimary(reading)
    }
    for (const [worker, samples] of this.#of(name)) {
      yield labelled(samples, String(worker))
    }
  }

  /** Nothing is given before all of it is added up: empty readings let others have their turn meanwhile. */
  *#summed({ name, readings }: Family): Generator<Reading | Promise<Reading>> {
    const sums = new Map<string, Sample>(this.#ended.get(name))
    const keyOf = sampleKeys()
    const addAll = (reading: Reading): Reading => {
      for (const sample of reading) add(sums, keyOf(sample), sample)
      return []
    }
    for (const reading of readings())
      yield reading instanceof Promise ? reading.then(addAll) : addAll(reading)
    for (const [, samples] of this.#of(name)) {
      for (let at = 0; at < samples.length; at += SLICE) yield addAll(samples.slice(at, at + SLICE))
    }
    const summed = [...sums.values()]
    for (let at = 0; at < summed.length; at += SLICE) yield summed.slice(at, at + SLICE)
  }

  /** What workers said of a family, by their numbers. */
  #of(name: string): (readonly [worker: number, samples: readonly Sample[]])[] {
    return Array.from(this.#latest, ([worker, families]) => {
      const samples = families.find((family) => family.name === name)?.samples ?? []
      return [worker, samples] as const
    }).sort(([a], [b]) => a - b)
  }
}

/** Samples that share labels have them as one object, which is read once. */
function sampleKeys(): (sample: Sample) => string {
  const shared = new Map<Labels, string>()
  return ({ metricName = '', labels, sharedLabels }) => {
    let prefix = ''
    if (sharedLabels !== undefined) {
      prefix = shared.get(sharedLabels) ?? JSON.stringify(sharedLabels)
      shared.set(sharedLabels, prefix)
    }
    return `${metricName} ${prefix} ${JSON.stringify(labels)}`
  }
}

function add(sums: Map<string, Sample>, key: string, sample: Sample): void {
  const before = sums.get(key)
  if (before === undefined) {
    sums.set(key, sample)
    return
  }
  const exemplar = newer(before.exemplar, sample.exemplar)
  sums.set(key, { ...before, value: before.value + sample.value, exemplar })
}

function newer(a: Exemplar | undefined, b: Exemplar | undefined): Exemplar | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return b.timestamp > a.timestamp ? b : a
}

function labelledPrimary(reading: Reading): Reading {
  return labelled(reading, PRIMARY)
}

function labelled(reading: Reading, worker: string): Reading {
  return reading.map((sample) => ({ ...sample, labels: { ...sample.labels, worker } }))
}
