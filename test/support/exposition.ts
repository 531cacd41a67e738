// Reads what a scrape gets, strictly, in both forms: text 0.0.4 and OpenMetrics 1.0. It throws where a line breaks the
// grammar, a family is torn apart, a series comes twice, or a histogram does not add up.

import { seeExposition } from './registry/watch.ts'

export interface ExposedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly exemplar?: {
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    readonly timestamp: number
  }
}

export interface ExposedFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: ExposedSample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABELS = String.raw`\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\}`
const NUMBER = '[+-]?(?:[0-9.]+(?:[eE][+-]?[0-9]+)?|Inf|[Nn]a[Nn])'
const SAMPLE = new RegExp(`^(${NAME})(?:${LABELS})? (${NUMBER})(?: # ${LABELS} (${NUMBER}) (${NUMBER}))?$`)
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y

export class Exposition {
  readonly families = new Map<string, ExposedFamily>()
  readonly isOpenMetrics: boolean

  constructor(body: string, contentType: string) {
    this.isOpenMetrics = contentType.startsWith('application/openmetrics-text')
    if (!body.endsWith('\n')) throw new Error('the last line has no end')
    const lines = body.slice(0, -1).split('\n')
    if (this.isOpenMetrics && lines.pop() !== '# EOF') throw new Error('the last line is not # EOF')
    let family: ExposedFamily | undefined
    for (const line of lines) family = this.#read(line, family)
    for (const known of this.families.values()) checkFamily(known)
    seeExposition(this)
  }

  /** Samples of that name (with its suffix) whose labels include these. */
  samples(name: string, labels: Readonly<Record<string, string>> = {}): ExposedSample[] {
    return Array.from(this.families.values())
      .flatMap((family) => family.samples)
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
  }

  /** The one sample that fits, or undefined. Throws where several do. */
  sample(name: string, labels: Readonly<Record<string, string>> = {}): ExposedSample | undefined {
    const found = this.samples(name, labels)
    if (found.length > 1) throw new Error(`${found.length} samples of ${name} fit ${JSON.stringify(labels)}`)
    return found[0]
  }

  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return this.sample(name, labels)?.value
  }

  #read(line: string, family: ExposedFamily | undefined): ExposedFamily | undefined {
    if (line === '') {
      if (this.isOpenMetrics) throw new Error('OpenMetrics has no empty lines')
      return undefined
    }
    const help = new RegExp(`^# HELP (${NAME}) (.*)$`).exec(line)
    if (help !== null) return this.#begin(help[1] ?? '', help[2] ?? '')
    const type = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary)$`).exec(line)
    if (type !== null) {
      if (family === undefined || family.name !== type[1] || family.type !== '') {
        throw new Error(`a type out of place: ${line}`)
      }
      const typed = { ...family, type: type[2] ?? '' }
      this.families.set(typed.name, typed)
      return typed
    }
    const match = SAMPLE.exec(line)
    if (match === null || family === undefined) throw new Error(`not a sample of a family: ${line}`)
    this.#checkName(family, match[1] ?? '')
    if (match[4] !== undefined && !this.isOpenMetrics)
      throw new Error(`an exemplar outside OpenMetrics: ${line}`)
    family.samples.push(sampleOf(match))
    return family
  }

  #begin(name: string, help: string): ExposedFamily {
    if (this.families.has(name)) throw new Error(`the family ${name} begins twice`)
    const family = { name, help, type: '', samples: [] }
    this.families.set(name, family)
    return family
  }

  #checkName({ name, type }: ExposedFamily, sample: string): void {
    const suffixes =
      type === 'histogram'
        ? ['_bucket', '_sum', '_count']
        : type === 'summary'
          ? ['', '_sum', '_count']
          : ['']
    const allowed = type === 'counter' && this.isOpenMetrics ? ['_total'] : suffixes
    if (!allowed.some((suffix) => sample === name + suffix))
      throw new Error(`${sample} is no sample of ${type} ${name}`)
  }
}

function sampleOf(match: RegExpExecArray): ExposedSample {
  const [, name = '', labels = '', value = '', exemplarLabels, exemplarValue, timestamp] = match
  const sample = { name, labels: labelsOf(labels), value: numberOf(value) }
  if (exemplarLabels === undefined) return sample
  const exemplar = {
    labels: labelsOf(exemplarLabels),
    value: numberOf(exemplarValue ?? ''),
    timestamp: numberOf(timestamp ?? ''),
  }
  const runes = Array.from(Object.entries(exemplar.labels).flat().join('')).length
  if (runes > 128) throw new Error(`an exemplar of ${runes} characters`)
  return { ...sample, exemplar }
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text)
    if (match === null) throw new Error(`not a list of labels: ${text}`)
    const [, name = '', value = ''] = match
    if (name in labels) throw new Error(`the label ${name} comes twice`)
    labels[name] = value.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
  }
  return labels
}

function numberOf(text: string): number {
  if (/inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  return Number(text)
}

function checkFamily({ name, type, samples }: ExposedFamily): void {
  if (type === '') throw new Error(`the family ${name} has no type`)
  const seen = new Set<string>()
  for (const sample of samples) {
    const key = JSON.stringify([
      sample.name,
      Object.entries(sample.labels).sort(([a], [b]) => a.localeCompare(b)),
    ])
    if (seen.has(key)) throw new Error(`a series comes twice: ${key}`)
    seen.add(key)
    if (type === 'counter' && !(sample.value >= 0)) throw new Error(`a counter of ${sample.value}: ${key}`)
  }
  if (type === 'histogram')
    for (const count of samples.filter((s) => s.name === `${name}_count`)) checkBuckets(name, samples, count)
}

function checkBuckets(name: string, samples: readonly ExposedSample[], count: ExposedSample): void {
  const buckets = samples.filter(
    (sample) =>
      sample.name === `${name}_bucket` &&
      Object.entries(count.labels).every(([key, value]) => sample.labels[key] === value) &&
      Object.keys(sample.labels).length === Object.keys(count.labels).length + 1,
  )
  let bound = -Infinity
  let below = 0
  for (const bucket of buckets) {
    const le = numberOf(bucket.labels.le ?? '')
    if (!(le > bound) || bucket.value < below) throw new Error(`buckets of ${name} are not ascending`)
    bound = le
    below = bucket.value
  }
  if (bound !== Infinity || below !== count.value)
    throw new Error(`buckets of ${name} do not add up to its count`)
}
