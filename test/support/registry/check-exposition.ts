// Whether a page of metrics is one that the registry knows: each family's type, each series' labels and their values.

import type { ExposedFamily, ExposedSample, Exposition } from '../exposition.ts'
import type { MetricRow, Registry } from './registry.ts'

/** Labels that are part of the format. */
const OF_THE_FORMAT: ReadonlySet<string> = new Set(['le', 'quantile'])

/** One line for each thing that is not as the registry has it. */
export function expositionProblems(registry: Registry, exposition: Exposition): string[] {
  const { isOpenMetrics } = exposition
  return [...exposition.families.values()].flatMap((family) => {
    const name = isOpenMetrics && family.type === 'counter' ? `${family.name}_total` : family.name
    const row = registry.metrics.get(name)
    if (row === undefined) return [`unknown metric ${name}`]
    return familyProblems(row, family).map((problem) => `metric ${name} ${problem}`)
  })
}

function familyProblems(row: MetricRow, { type, samples }: ExposedFamily): string[] {
  const problems = new Set<string>()
  if (type !== row.type) problems.add(`is a ${type}`)
  for (const sample of samples) for (const problem of sampleProblems(row, sample)) problems.add(problem)
  return [...problems]
}

/** On metrics of a process, where a gateway has several. */
const WORKER = /^(primary|[1-9][0-9]*)$/

function sampleProblems(
  { labels: known, exemplars, by }: MetricRow,
  { labels, exemplar }: ExposedSample,
): string[] {
  const problems: string[] = []
  let count = 0
  for (const label in labels) {
    if (OF_THE_FORMAT.has(label)) continue
    if (by === 'runtime' && label === 'worker' && WORKER.test(labels[label] ?? '')) continue
    count++
    const set = known.get(label)
    const value = labels[label] ?? ''
    if (set === undefined) problems.push(`has the unknown label ${label}`)
    else if (!set.has(value)) problems.push(`has ${label} ${JSON.stringify(value)}, not in ${set.name}`)
  }
  if (count < known.size) {
    problems.push(`lacks labels: it has ${Object.keys(labels).join(', ')} of ${[...known.keys()].join(', ')}`)
  }
  if (exemplar !== undefined && !exemplars) problems.push('has exemplars')
  return problems
}
