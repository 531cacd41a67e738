// otel/registry.yaml against the source, both ways: nothing in it that the source does not have, nothing in the source
// that it lacks; and against OpenTelemetry's conventions, name by name.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import * as stable from '@opentelemetry/semantic-conventions'
import * as incubating from '@opentelemetry/semantic-conventions/incubating'
import { describe, expect, test } from 'vitest'
import { ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { METHODS } from '../../src/telemetry/method.ts'
import type { Family } from '../../src/telemetry/exposition.ts'
import { WorkerMetrics } from '../../src/workers/worker-metrics.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import {
  ACCESS_FIELDS,
  ATTRIBUTE,
  LOG_FIELDS,
  LOG_HEAD,
  METRIC,
  OTHER,
  SCOPE,
  SPAN,
} from '../../src/telemetry/names.ts'
import { Exposition } from '../support/exposition.ts'
import { type AttributeRow, telemetryRegistry } from '../support/registry/registry.ts'
import { pageOf } from '../support/scrape-page.ts'
import { PROBLEM_REASONS, OBJECT_REASONS } from '../support/registry/tables.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const registry = telemetryRegistry()
const SOURCES = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(path.join(ROOT, 'src', file), 'utf8') }))
const OTHERS = SOURCES.filter(({ file }) => file !== path.join('telemetry', 'names.ts'))
const sourceOf = (folder: string) => SOURCES.filter(({ file }) => file.startsWith(folder))

/** What the SDK itself writes: `recordException`, and its detectors. */
const isOfTheSdk = ({ on }: AttributeRow): boolean =>
  on.every((id) => id === 'exception' || id === 'resource')

describe('names.ts and the registry', () => {
  test('have the same attributes', () => {
    const ours = [...registry.attributes.values()].filter((row) => !isOfTheSdk(row)).map(({ name }) => name)
    expect(ours.sort()).toEqual(
      Object.values(ATTRIBUTE)
        .map((name) => name.replace(/\.$/, ''))
        .sort(),
    )
  })

  test('have the same metrics, and no others are exposed', async () => {
    const ours = [...registry.metrics.values()].filter(({ by }) => by === 'gateway').map(({ name }) => name)
    expect(ours.sort()).toEqual(Object.values(METRIC).sort())
    const vitals = { ready: () => true, downstreamConnections: () => 0, upstreamConnections: () => 0 }
    const others = {
      families: new WorkerMetrics(() => []).families(),
      gather: () => Promise.resolve(),
      over: ({ readings }: Family) => readings(),
    }
    const inputs = { version: '1', source: 'directory', vitals, servedCertificates: () => [], others }
    const { pieces, contentType } = new Metrics(inputs).expose('text/plain')
    const exposed = new Exposition(await pageOf(pieces), contentType).families
    expect([...exposed.keys()].sort()).toEqual([...registry.metrics.keys()].sort())
    for (const [name, { type }] of exposed)
      expect([name, type]).toEqual([name, registry.metrics.get(name)?.type])
  })

  test('have the same span and span event of the batch, and the same scope', () => {
    expect(registry.spans.find(({ id }) => id === 'batch')?.names).toEqual([SPAN.batch])
    expect(registry.events.find(({ id }) => id === 'event')?.name).toBe(SPAN.sourceEvent)
    expect(SCOPE).toBe('kanali')
  })

  test('have the same fields of both logs, in the same order', () => {
    expect([...registry.accessLog.keys()]).toEqual([...ACCESS_FIELDS])
    expect([...registry.programLog.keys()]).toEqual([...LOG_HEAD, ...LOG_FIELDS])
  })
})

describe('the source', () => {
  test.each(Object.keys(ATTRIBUTE))('writes the attribute %s', (key) => {
    expect(
      OTHERS.some(({ text }) => text.includes(`ATTRIBUTE.${key}]`) || text.includes(`ATTRIBUTE.${key} `)),
    ).toBe(true)
  })

  test.each(Object.keys(METRIC))('has the metric %s', (key) => {
    const used = new RegExp(`METRIC\\.${key}\\b|\\b${key}\\b[^\\n]*\\} = METRIC`)
    expect(OTHERS.some(({ text }) => used.test(text))).toBe(true)
  })

  test.each(LOG_FIELDS)('logs the field %s', (name) => {
    const used = new RegExp(`\\b${name}\\b\\??(:| \\}|,)`)
    expect(OTHERS.some(({ text }) => used.test(text))).toBe(true)
  })

  test('logs no field by a name of its own', () => {
    const known = new Set<string>(LOG_FIELDS)
    const calls = /\b[lL]og\b\??\.(?:debug|info|warn|error)\(\s*\{([^{}]*)\}/g
    const fields = SOURCES.flatMap(({ file, text }) =>
      Array.from(text.matchAll(calls), ([, inside = '']) =>
        inside
          .split(',')
          .map((field) => field.trim().split(':', 1)[0] ?? '')
          .filter((name) => /^\w+$/.test(name))
          .map((name) => ({ file, name })),
      ).flat(),
    )
    expect(fields.length).toBeGreaterThan(50)
    expect(fields.filter(({ name }) => !known.has(name))).toEqual([])
  })

  test('gives conditions no reason but those of the tables', () => {
    const reasonsIn = (folder: string, pattern: RegExp): string[] =>
      sourceOf(folder).flatMap(({ text }) => Array.from(text.matchAll(pattern), ([, reason = '']) => reason))
    const ofProblem = /(?:reason: |exceed\(|problem\(\s*\w+,\s*)'([A-Z]\w+)'/g
    const ofProblems = [...reasonsIn('directory', ofProblem), ...reasonsIn('open-journal.ts', ofProblem)]
    expect(new Set(ofProblems)).toEqual(new Set(PROBLEM_REASONS))
    const ofObjects = [
      ...reasonsIn(path.join('snapshot', 'conditions.ts'), /'([A-Z]\w+)'/g),
      ...reasonsIn(path.join('snapshot', 'object-conditions.ts'), /(?:about\(resource, )'([A-Z]\w+)'/g),
    ]
    const named = new Set([
      'Accepted',
      'ResolvedRefs',
      'Ready',
      'File',
      'Journal',
      'Plugin',
      'ApiProxy',
      'True',
      'False',
    ])
    expect(new Set(ofObjects.filter((reason) => !named.has(reason)))).toEqual(new Set(OBJECT_REASONS))
  })

  test('cannot have more series of conditions than the registry says', () => {
    const reasons = ERROR_FACTS.length + OBJECT_REASONS.length
    const apiProxies = 3 * reasons
    const others = registry.sets.get('condition_kind')?.values.size ?? 0
    const most = apiProxies + others * OBJECT_REASONS.length + PROBLEM_REASONS.length + ERROR_FACTS.length
    expect(registry.metrics.get(METRIC.resourceConditions)?.most.fixed).toBeGreaterThanOrEqual(most)
  })
})

describe('what begins with kanali. is ours, and all else is of the conventions', () => {
  const constants = Object.entries({ ...incubating, ...stable }).filter(([name]) => name.startsWith('ATTR_'))
  const byName = new Map(
    constants.map(([constant, value]) => [
      typeof value === 'function' ? value('').replace(/\.$/, '') : value,
      constant,
    ]),
  )
  const stableNames = new Set(Object.keys(stable))
  const declarations = ['stable', 'experimental']
    .map((part) => `node_modules/@opentelemetry/semantic-conventions/dist/${part}_attributes.d.mts`)
    .map((file) => readFileSync(path.join(ROOT, file), 'utf8'))
    .join('\n')

  /** The values that the conventions give as examples of an attribute. */
  function examplesOf(constant: string): string[] {
    const end = declarations.indexOf(`declare const ${constant}:`)
    const comment = declarations.slice(declarations.lastIndexOf('/**', end), end)
    return Array.from(comment.matchAll(/@example (.+)/g), ([, example = '']) => example.trim())
  }

  test.each([...registry.attributes.values()].map((row) => [row.name, row] as const))('%s', (name, row) => {
    expect(row.convention).toBe(!name.startsWith('kanali.'))
    if (!row.convention) return expect(byName.has(name)).toBe(false)
    const constant = byName.get(name) ?? ''
    expect(constant, `${name} in the conventions`).not.toBe('')
    expect(row.stability).toBe(stableNames.has(constant) ? 'stable' : 'development')
    const examples = examplesOf(constant)
    expect(row.type === 'int').toBe(examples.length > 0 && examples.every((example) => /^\d+$/.test(example)))
  })

  test('has the methods of the conventions, and no others', () => {
    const known = Object.entries({ ...incubating, ...stable })
      .filter(([name]) => name.startsWith('HTTP_REQUEST_METHOD_VALUE_'))
      .map(([, value]) => value)
    expect(new Set(known)).toEqual(new Set(METHODS))
    expect(METHODS).toContain(OTHER)
  })

  test('the names of events of the conventions are theirs', () => {
    const events = Object.entries({ ...incubating, ...stable }).filter(([name]) => name.startsWith('EVENT_'))
    for (const { name, convention } of registry.events) {
      expect([name, convention]).toEqual([name, events.some(([, value]) => value === name)])
    }
  })
})

describe('the registry', () => {
  test('names only spans and events that it has', () => {
    const ids = new Set([...registry.spans, ...registry.events].map(({ id }) => id)).add('resource')
    const named = [...registry.attributes.values(), ...registry.events, ...registry.links].flatMap(
      ({ on }) => on,
    )
    expect(named.filter((id) => !ids.has(id))).toEqual([])
    for (const { on, name } of registry.attributes.values())
      expect([name, on.length > 0]).toEqual([name, true])
  })

  test('says of each span and event what it always has, and lets it have that', () => {
    for (const { id, always } of [...registry.spans, ...registry.events]) {
      for (const name of always)
        expect([name, registry.attributes.get(name)?.on.includes(id)]).toEqual([name, true])
    }
  })

  test('names labels of span metrics after attributes of the server span', () => {
    const { labels } = registry.collectorMetrics.get('traces_span_metrics_calls_total') ?? {}
    const ours = [...(labels?.keys() ?? [])].filter((label) => label.startsWith('kanali_'))
    const attributes = [...registry.attributes.values()].filter(({ on }) => on.includes('server'))
    const names = new Set(attributes.map(({ name }) => name.replaceAll('.', '_')))
    expect(ours.length).toBeGreaterThan(0)
    expect(ours.filter((label) => !names.has(label))).toEqual([])
  })

  test('has no set that nothing uses', () => {
    const used = new Set([
      ...[
        ...registry.attributes.values(),
        ...registry.accessLog.values(),
        ...registry.programLog.values(),
      ].map(({ values }) => values?.name),
      ...[...registry.metrics.values(), ...registry.collectorMetrics.values()].flatMap(({ labels }) =>
        [...labels.values()].map(({ name }) => name),
      ),
    ])
    expect([...registry.sets.keys()].filter((name) => !used.has(name))).toEqual([])
  })

  test('gives every metric that measures something its unit, and the name that goes with it', () => {
    const suffixes: Readonly<Record<string, RegExp>> = { s: /_seconds(_total)?$/, By: /_bytes$/ }
    for (const { name, unit, type, by } of [
      ...registry.metrics.values(),
      ...registry.collectorMetrics.values(),
    ]) {
      expect([name, unit === undefined]).toEqual([name, false])
      const suffix = suffixes[unit ?? '']
      if (suffix !== undefined) expect(name).toMatch(suffix)
      if (by !== 'runtime') expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter'])
    }
  })
})
