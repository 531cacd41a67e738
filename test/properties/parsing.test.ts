// Whatever stands in a manifest: reading it never throws, and gives either a record or problems that name field, value
// and rule, in text that is safe to show anywhere.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseManifest } from '../../src/resources/parse.ts'
import { isInvalid, KINDS, type Problem } from '../../src/resources/resource.ts'
import { apiProxy, type Manifest, mockTarget, secret, service } from '../support/manifests.ts'

const HOSTILE = [
  '\u001b[31mred',
  'line\nfeed',
  '\u0000',
  '\u202Etxt',
  '"><script>',
  "'; drop",
  '__proto__',
  '💥',
]
const anything = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(...HOSTILE),
  fc.constantFrom<unknown>(null, true, -1, 1e308, [], {}, [[]], { a: [{}] }),
)

const PATHS = [
  'metadata',
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.creationTimestamp',
  'metadata.uid',
  'spec',
  'spec.source',
  'spec.source.path',
  'spec.source.virtualHost',
  'spec.target',
  'spec.target.path',
  'spec.target.backend',
  'spec.target.backend.endpoint',
  'spec.target.backend.service',
  'spec.target.ssl',
  'spec.plugins',
  'spec.routes',
  'spec.ports',
  'spec.clusterIP',
  'data',
  'stringData',
]

function seeds(): Manifest[] {
  return [
    apiProxy('p').at('/p').toEndpoint('http://127.0.0.1:1').plugin('x', { a: 'b' }).build(),
    mockTarget('m').route('/', 200, 'body').build(),
    service('s').port(80).build(),
    secret('x').enabled().stringData('a', 'b').build(),
  ]
}

function expectReadable(problems: readonly Problem[]): void {
  expect(problems.length).toBeGreaterThan(0)
  for (const { field, value, rule } of problems) {
    expect(field).not.toBe('')
    expect(rule).not.toBe('')
    expect(`${field}${value}`).toMatch(/^[ -~]*$/)
    expect(value.length).toBeLessThanOrEqual(100)
  }
}

function expectRead(manifest: unknown): void {
  for (const result of parseManifest(manifest, 'default')) {
    if (result.type !== 'resource') continue
    expect(KINDS).toContain(result.resource.kind)
    if (isInvalid(result.resource)) expectReadable(result.resource.problems)
    expect(JSON.parse(JSON.stringify(result.resource))).toEqual(result.resource)
  }
}

describe('reading', () => {
  test('takes any JSON at all', () => {
    fc.assert(fc.property(anything, expectRead), { numRuns: 1000 })
  })

  test('takes a manifest of any kind with anything in it', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), anything, anything, (kind, metadata, spec) => {
        const apiVersion = kind.startsWith('Api') || kind === 'MockTarget' ? 'kanali.io/v2' : 'v1'
        expectRead({ apiVersion, kind, metadata, spec })
        expectRead({
          apiVersion,
          kind,
          metadata: { name: 'x' },
          spec,
          data: spec,
          endpoints: spec,
          ports: spec,
        })
      }),
      { numRuns: 1000 },
    )
  })

  test('takes a good manifest with one field gone wrong', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.constantFrom(...PATHS), anything, (which, path, value) => {
        const manifest = seeds()[which] ?? {}
        put(manifest, path.split('.'), value)
        expectRead(manifest)
      }),
      { numRuns: 2000 },
    )
  })
})

function put(into: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[name] = value
    return
  }
  const next = into[name]
  if (typeof next !== 'object' || next === null) into[name] = {}
  put(into[name] as Record<string, unknown>, rest, value)
}
