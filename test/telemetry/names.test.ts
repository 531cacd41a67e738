// The pages tell no name of telemetry that there is not. What there is stands in otel/registry.yaml (registry.test.ts).

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ACCESS_FIELDS, ATTRIBUTE, METRIC, SPAN } from '../../src/telemetry/names.ts'
import { telemetryRegistry } from '../support/registry/registry.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

const PAGES = [
  'README.md',
  'src/errors/document.ts',
  ...readdirSync(path.join(ROOT, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]

const { collectorMetrics } = telemetryRegistry()
const LABELS_OF_SPANS = Array.from(collectorMetrics.values(), ({ labels }) => [...labels.keys()]).flat()

/** What metrics add to a name. */
const SUFFIX = /_(bucket|sum|count)$/
/** Names of the plan that have no spans yet, and file names. */
const OTHER = /^kanali\.(io|ts|yaml|toml|json|error|outcome|svc)$|^kanali\.io/

test('docs/telemetry.md has an example line with exactly the fields of the access log', () => {
  const [, line = '{}'] = /```json\n(.*)\n```/.exec(read('docs/telemetry.md')) ?? []
  expect(Object.keys(JSON.parse(line) as object)).toEqual([...ACCESS_FIELDS])
})

describe.each(PAGES)('%s', (file) => {
  const text = read(file)

  test('names no metric that there is not', () => {
    const named = [...text.matchAll(/\bkanali_[a-z_]+\b(?!:[a-z])/g)].map(([name]) =>
      name.replace(SUFFIX, ''),
    )
    const known = new Set<string>([...Object.values(METRIC), ...LABELS_OF_SPANS])
    expect(named.filter((name) => !known.has(name))).toEqual([])
  })

  test('names no attribute of ours that there is not', () => {
    const named = [...text.matchAll(/\bkanali\.[a-z_]+(\.[a-z_]+)*/g)].map(([name]) => name)
    const known = new Set<string>([...Object.values(ATTRIBUTE), ...Object.values(SPAN)])
    expect(named.filter((name) => !known.has(name) && !OTHER.test(name))).toEqual([])
  })
})
