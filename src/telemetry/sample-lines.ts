// The lines of a scrape, in the two formats of Prometheus: text 0.0.4 and OpenMetrics 1.0. What a label set looks like is
// worked out once for as long as the set lives, since a scrape asks for the same ones each time. Pure text, no I/O.

import type { Exemplar, ExpositionFormat, Family, Labels, Sample } from './exposition.ts'

/** The text of a label set, without braces. Sets that nobody holds any more go by themselves. */
const texts = new WeakMap<Labels, string>()

/** `# HELP` and `# TYPE`. OpenMetrics names a counter without its suffix. */
export function headLines({ name, help, type }: Family, format: ExpositionFormat): string {
  const shown = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name
  return `# HELP ${shown} ${escaped(help)}\n# TYPE ${shown} ${type}\n`
}

/** One sample with its line end; its exemplar in OpenMetrics only. */
export function sampleLine(sample: Sample, family: Family, format: ExpositionFormat): string {
  const { labels, sharedLabels, value, exemplar, metricName = sampleName(family, format) } = sample
  const own = labelText(labels)
  const shared = sharedLabels === undefined ? '' : labelText(sharedLabels)
  const both = own === '' || shared === '' ? own + shared : `${own},${shared}`
  const braced = both === '' ? '' : `{${both}}`
  const line = `${metricName}${braced} ${numberText(value)}`
  return exemplar === undefined || format === 'text' ? `${line}\n` : `${line}${exemplarText(exemplar)}\n`
}

/** Of a sample that has no name of its own: a counter of OpenMetrics always ends in `_total`. */
function sampleName({ name, type }: Family, format: ExpositionFormat): string {
  return format === 'openmetrics' && type === 'counter' && !name.endsWith('_total') ? `${name}_total` : name
}

function exemplarText({ labelSet, value, timestamp }: Exemplar): string {
  return ` # {${pairs(labelSet)}} ${numberText(value)} ${timestamp}`
}

function labelText(labels: Labels): string {
  const known = texts.get(labels)
  if (known !== undefined) return known
  const made = pairs(labels)
  texts.set(labels, made)
  return made
}

function pairs(labels: Labels): string {
  let text = ''
  for (const name in labels) {
    const shown = escaped(String(labels[name])).replaceAll('"', '\\"')
    text += text === '' ? `${name}="${shown}"` : `,${name}="${shown}"`
  }
  return text
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

/** A float as both formats write it. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return `${value}`
  if (Number.isNaN(value)) return 'NaN'
  return value < 0 ? '-Inf' : '+Inf'
}
