// What the files of otel/ have to agree on: with each other, with the page that explains them, with the manifests that carry
// them, and with the gateway whose spans they know. None of it needs a Collector.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { SECRET_NAME } from '../../src/telemetry/masking.ts'
import { ATTRIBUTE } from '../../src/telemetry/names.ts'
import { DURATION_BOUNDS } from '../../src/telemetry/typed-histogram.ts'
import type { ApiObject } from '../support/api-server.ts'
import { objectsOf } from '../support/deploy-manifests.ts'
import { OTEL_FOLDER } from '../support/shipped-collector.ts'
import { CONFIG_MAP_FILES } from '../tools/collector-manifests.ts'

interface Config {
  readonly receivers: object
  readonly processors: Readonly<Record<string, object>> & {
    readonly redaction: { readonly blocked_key_patterns: readonly string[] }
  }
  readonly exporters: Readonly<Record<string, object>>
  readonly connectors: {
    readonly spanmetrics: {
      readonly dimensions: readonly { readonly name: string; readonly default: string }[]
      readonly histogram: { readonly explicit: { readonly buckets: readonly string[] } }
    }
  }
  readonly extensions: Readonly<Record<string, object>>
  readonly service: {
    readonly pipelines: Readonly<Record<string, { readonly processors: readonly string[] }>>
    readonly telemetry: object
  }
}

const text = (file: string): string => readFileSync(path.join(OTEL_FOLDER, file), 'utf8')
const config = (file: string): Config => parse(text(file), { merge: true }) as Config

const ONE = config('collector.yaml')
const FIRST = config('two-tiers/first.yaml')

describe('the files of otel/', () => {
  test('have in common what the first tier has in common with the one Collector', () => {
    expect(FIRST.receivers).toEqual(ONE.receivers)
    expect(FIRST.processors['memory_limiter']).toEqual(ONE.processors['memory_limiter'])
    expect(FIRST.extensions['health_check']).toEqual(ONE.extensions['health_check'])
    expect(FIRST.service.telemetry).toEqual(ONE.service.telemetry)
  })

  test('for the second tier are those of the one Collector', () => {
    expect(config('two-tiers/second.yaml')).toEqual(ONE)
  })

  test.each([
    ['kubernetes.yaml', ONE],
    ['two-tiers/kubernetes.yaml', FIRST],
  ])('%s adds one processor, and changes nothing else of the pipelines', (file, base) => {
    const { processors, service } = config(file)
    expect(processors).toEqual(config('kubernetes.yaml').processors)
    const [added = '', ...others] = Object.keys(processors)
    expect(others).toEqual([])
    for (const [name, pipeline] of Object.entries(service.pipelines)) {
      expect(pipeline.processors, name).toContain(added)
      expect(
        pipeline.processors.filter((one) => one !== added),
        name,
      ).toEqual(base.service.pipelines[name]?.processors)
    }
    // Every pipeline that leaves the Collector.
    const leaving = Object.keys(base.service.pipelines).filter((name) => name.startsWith('traces'))
    expect(Object.keys(service.pipelines)).toEqual(leaving.filter((name) => name !== 'traces/counted'))
  })

  test('look at the memory first, in every pipeline that receives', () => {
    for (const file of [
      'collector.yaml',
      'kubernetes.yaml',
      'two-tiers/first.yaml',
      'two-tiers/kubernetes.yaml',
    ]) {
      for (const [name, { processors }] of Object.entries(config(file).service.pipelines)) {
        if (name.startsWith('traces')) expect(processors[0], `${file} ${name}`).toBe('memory_limiter')
      }
    }
  })

  test('know the names of the gateway', () => {
    const names: readonly string[] = Object.values(ATTRIBUTE)
    const used = [...text('collector.yaml').matchAll(/kanali\.[a-z_.]+[a-z]/g)].map(([name]) => name)
    expect(new Set(used)).toEqual(
      new Set([
        'kanali.error.code',
        'kanali.error.reason',
        'kanali.error.blame',
        'kanali.outcome',
        'kanali.rejected.reason',
        'kanali.apiproxy.name',
        'kanali.apiproxy.namespace',
        'kanali.events.batch',
      ]),
    )
    for (const name of used) if (name !== 'kanali.events.batch') expect(names).toContain(name)
  })

  test("count into the gateway's own buckets, with a default for every label", () => {
    const { dimensions, histogram } = ONE.connectors.spanmetrics
    expect(histogram.explicit.buckets.map(seconds)).toEqual(DURATION_BOUNDS)
    expect(dimensions.map((dimension) => dimension.default)).toEqual(dimensions.map(() => ''))
  })

  test('mask header fields by every word by which the gateway does', () => {
    const [pattern = ''] = ONE.processors.redaction.blocked_key_patterns
    const words = SECRET_NAME.source.split('|')
    expect(words.length).toBeGreaterThan(10)
    for (const word of words) expect(pattern).toMatch(new RegExp(`[(|]${escaped(word)}[|)]`))
  })
})

describe('otel/README.md', () => {
  const page = text('README.md')

  test.each([
    ['`collector.yaml` and `second.yaml`:', ['collector.yaml', 'two-tiers/second.yaml']],
    ['`first.yaml`:', ['two-tiers/first.yaml']],
    ['`kubernetes.yaml`, both:', ['kubernetes.yaml', 'two-tiers/kubernetes.yaml']],
  ])('has the variables and defaults of %s', (heading, files) => {
    const start = page.indexOf(`\n${heading}\n`)
    expect(start).toBeGreaterThan(0)
    const table = page.slice(start + heading.length + 3).split('\n\n')[0] ?? ''
    const told = table
      .split('\n')
      .slice(2)
      .map((line) => /^\| `(\w+)` \| (?:`([^`]*)`)? ?\|/.exec(line) ?? [line, line, ''])
      .map(([, name = '', value = '']) => [name, value.replaceAll('\\|', '|')])
    for (const file of files) {
      expect(Object.fromEntries(told), file).toEqual(variablesOf(file))
    }
  })

  test('names every file, and no other', () => {
    const named = [...page.matchAll(/`((?:two-tiers\/)?[a-z-]+\.yaml)`/g)].map(([, name = '']) => name)
    for (const file of Object.values(CONFIG_MAP_FILES)) expect(named).toContain(file)
  })
})

describe('the manifests of the Collectors', () => {
  test('carry the files of otel/ as they are', async () => {
    const [map] = await objectsOf('collector-config.yaml')
    const data = map?.['data'] as Readonly<Record<string, string>>
    expect(Object.keys(data)).toEqual(Object.keys(CONFIG_MAP_FILES))
    for (const [key, file] of Object.entries(CONFIG_MAP_FILES)) expect(data[key]).toBe(text(file))
  })

  test.each(['collector.yaml', 'collector-two-tiers.yaml'])(
    '%s: start with files that are there, and variables that they know',
    async (file) => {
      for (const { name, args, env } of await collectorsOf(file)) {
        const files = args.map((arg) => CONFIG_MAP_FILES[arg.replace('--config=/etc/collector/', '')] ?? arg)
        const known = Object.assign({}, ...files.map(variablesOf)) as Record<string, string>
        const set = Object.keys(env).filter((variable) => variable.startsWith('COLLECTOR_'))
        expect(Object.keys(known), name).toEqual(expect.arrayContaining(set))
        // What has no default is set.
        const needed = Object.keys(known).filter((variable) => known[variable] === '')
        expect(set, name).toEqual(expect.arrayContaining(needed))
      }
    },
  )

  test('name one instance of the second tier for each replica, by the name that its pod has', async () => {
    const objects = await objectsOf('collector-two-tiers.yaml')
    const set = objects.find(({ kind }) => kind === 'StatefulSet') as ApiObject & {
      readonly spec: { readonly replicas: number; readonly serviceName: string }
    }
    const [first] = await collectorsOf('collector-two-tiers.yaml')
    const { name } = set.metadata
    expect(parse(first?.env['COLLECTOR_SECOND_TIER'] ?? '')).toEqual(
      Array.from(
        { length: set.spec.replicas },
        (_, index) => `${name}-${index}.${set.spec.serviceName}.kanali.svc.cluster.local:4317`,
      ),
    )
    const headless = objects.find(
      ({ kind, metadata }) => kind === 'Service' && metadata.name === set.spec.serviceName,
    )
    expect(headless?.['spec']).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true })
  })
})

interface Started {
  readonly name: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** The Collectors that a manifest starts, in its order. */
async function collectorsOf(file: string): Promise<Started[]> {
  type Pod = {
    template: { spec: { containers: { args: string[]; env: { name: string; value: string }[] }[] } }
  }
  const found = (await objectsOf(file)).filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
  expect(found.length).toBeGreaterThan(0)
  return found.map((object) => {
    const [container] = (object['spec'] as Pod).template.spec.containers
    const env = Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value]))
    return { name: object.metadata.name, args: container?.args ?? [], env }
  })
}

/** Names and defaults of the variables of one file; throws where one has two defaults. */
function variablesOf(file: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [, name = '', value = ''] of text(file).matchAll(/\$\{env:(\w+)(?::-([^}]*))?\}/g)) {
    if (found[name] !== undefined && found[name] !== value)
      throw new Error(`${file}: two defaults of ${name}`)
    found[name] = value
  }
  return found
}

function seconds(duration: string): number {
  return duration.endsWith('ms') ? Number.parseFloat(duration) / 1000 : Number.parseFloat(duration)
}

function escaped(pattern: string): string {
  return pattern.replace(/[[\]?*+.]/g, String.raw`\$&`)
}
