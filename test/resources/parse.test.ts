import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OBJECTS_MAX, parseManifest } from '../../src/resources/parse.ts'
import { KINDS, type Resource } from '../../src/resources/resource.ts'
import { apiKey, apiProxy, listOf, mockTarget, resourceOf, secret, service } from '../support/manifests.ts'

const shop = () => apiProxy('shop').at('/cart').toEndpoint('http://127.0.0.1:1')

function parse(raw: unknown) {
  return parseManifest(raw, 'default')
}

function unidentified(field: string, value: string, rule: string) {
  return [{ type: 'unidentified', problem: { field, value, rule } }]
}

describe('a manifest', () => {
  it('is one resource of its kind', () => {
    expect(parse(shop().build())).toMatchObject([{ type: 'resource', resource: { kind: 'ApiProxy' } }])
  })

  it('of a kind that is not ours is ignored', () => {
    expect(parse({ apiVersion: 'apps/v1', kind: 'Deployment' })).toEqual([
      { type: 'ignored', kind: 'Deployment' },
    ])
    expect(parse({ apiVersion: 'v1', kind: 'toString' })).toEqual([{ type: 'ignored', kind: 'toString' }])
    expect(parse({ kind: 'x\n\u001b' })).toEqual([{ type: 'ignored', kind: 'x\\n\\u001b' }])
  })

  it("of another group's kind of the same name is ignored", () => {
    expect(parse(service('s').patched('apiVersion', 'serving.knative.dev/v1').build())).toEqual([
      { type: 'ignored', kind: 'Service' },
    ])
    expect(parse(shop().patched('apiVersion', 'v2').build())).toEqual([{ type: 'ignored', kind: 'ApiProxy' }])
  })

  it.each([
    ['kanali.io/v1', 'kanali.io/v1', 'must be kanali.io/v2'],
    [2, '2', 'must be kanali.io/v2'],
    [undefined, '', 'is required'],
  ])('with the apiVersion %j is invalid', (apiVersion, value, rule) => {
    const resource = resourceOf(shop().patched('apiVersion', apiVersion))
    expect(resource).toMatchObject({ kind: 'ApiProxy', problems: [{ field: 'apiVersion', value, rule }] })
    expect(resource).not.toHaveProperty('claim')
  })

  it.each([
    ['hunter2', 'a string'],
    [[], 'a list'],
    [7, '7'],
  ])('that is %j is unidentified', (raw, value) => {
    expect(parse(raw)).toEqual(unidentified('', value, 'must be an object'))
  })

  it('without a kind is unidentified', () => {
    expect(parse({ metadata: { name: 'a' } })).toEqual(unidentified('kind', '', 'is required'))
    expect(parse({ kind: ['ApiProxy'] })).toEqual(unidentified('kind', 'a list', 'must be a string'))
  })

  it('of an empty document is nothing', () => {
    expect([...parse(null), ...parse(undefined)]).toEqual([])
  })

  it('keeps no reference to what it was read from', () => {
    const manifest = shop().labelled({ a: 'b' }).plugin('p', { c: 'd' }).build()
    const before = resourceOf(manifest)
    const copy = structuredClone(before)
    for (const part of [manifest['metadata'], manifest['spec']]) emptyOut(part)
    expect(before).toEqual(copy)
  })
})

describe('a list object', () => {
  it('gives its items in order, and a bad one fails alone', () => {
    const results = parse(
      listOf(
        shop().build(),
        shop().patched('metadata.name', 'bad').at('cart').build(),
        mockTarget('m').route('/', 200).build(),
      ),
    )
    expect(results).toMatchObject([
      { resource: { kind: 'ApiProxy', meta: { name: 'shop' } } },
      { resource: { kind: 'ApiProxy', problems: [{ field: 'spec.source.path' }] } },
      { resource: { kind: 'MockTarget' } },
    ])
  })

  it('of a kind passes its type on to items that have none', () => {
    const { metadata, spec } = shop().build()
    expect(
      parse({ apiVersion: 'kanali.io/v2', kind: 'ApiProxyList', items: [{ metadata, spec }] }),
    ).toMatchObject([{ type: 'resource', resource: { kind: 'ApiProxy', meta: { name: 'shop' } } }])
    expect(parse({ apiVersion: 'apps/v1', kind: 'DeploymentList', items: [{}] })).toEqual([
      { type: 'ignored', kind: 'Deployment' },
    ])
  })

  it('may be empty', () => {
    expect(parse({ apiVersion: 'v1', kind: 'List', items: [] })).toEqual([])
    expect(parse({ apiVersion: 'v1', kind: 'List' })).toEqual([])
  })

  it('says which item is no object and which has no kind', () => {
    expect(parse({ kind: 'List', items: ['x', {}] })).toEqual([
      ...unidentified('items[0]', 'a string', 'must be an object'),
      ...unidentified('kind', '', 'is required'),
    ])
    expect(parse({ kind: 'SecretList', items: 'x' })).toEqual(
      unidentified('items', 'a string', 'must be a list'),
    )
  })

  it('cannot hold lists, so that one that holds itself has an end', () => {
    const list: { kind: string; items: unknown[] } = { kind: 'List', items: [] }
    list.items.push(list)
    expect(parse(list)).toEqual(unidentified('items[0].kind', 'List', 'must be no list in a list'))
  })

  it('with too many items is not read', () => {
    const items = Array.from({ length: OBJECTS_MAX + 1 }, () => null)
    expect(parse({ kind: 'List', items })).toEqual(
      unidentified('items', String(OBJECTS_MAX + 1), `must have at most ${OBJECTS_MAX} items`),
    )
  })

  it('is not what a kind of another with such a name is', () => {
    expect(parse({ apiVersion: 'x.io/v1', kind: 'AllowList', spec: {} })).toEqual([
      { type: 'ignored', kind: 'AllowList' },
    ])
  })
})

describe('parseManifest on anything at all', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withObjectString: true,
    withSparseArray: true,
    withTypedArray: true,
  })

  it('never throws', () => {
    fc.assert(fc.property(anything, (raw) => Array.isArray(parse(raw))))
    fc.assert(fc.property(fc.jsonValue(), (raw) => Array.isArray(parse(raw))))
  })

  it('never throws, and gives one resource, for each kind with anything for its parts', () => {
    const builders = {
      ApiProxy: apiProxy,
      MockTarget: mockTarget,
      ApiKey: apiKey,
      Secret: secret,
      Service: service,
    }
    const paths = [
      ['spec'],
      ['spec', 'source'],
      ['spec', 'target'],
      ['spec', 'target', 'backend'],
      ['spec', 'target', 'backend', 'service', 'labels'],
      ['spec', 'plugins'],
      ['spec', 'routes'],
      ['spec', 'revisions'],
      ['spec', 'keys'],
      ['spec', 'ports'],
      ['data'],
      ['stringData'],
      ['endpoints'],
      ['metadata', 'labels'],
      ['metadata', 'annotations'],
      ['metadata', 'creationTimestamp'],
    ].map((names) => names.join('.'))
    const patches = fc.array(fc.tuple(fc.constantFrom(...paths), fc.oneof(anything, fc.array(anything))), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), patches, (kind, changes) => {
        const builder = (kind in builders ? builders[kind as keyof typeof builders] : apiProxy)('a')
        builder.patched('kind', kind).patched('apiVersion', apiVersionOf(kind))
        const raw = builder.build()
        for (const [path, value] of changes) patch(raw, path, value)
        const results = parse(raw)
        expect(results).toHaveLength(1)
        for (const result of results) {
          if (result.type === 'resource') expect(serialisable(result.resource)).toBe(true)
        }
      }),
    )
  })
})

function apiVersionOf(kind: string): string {
  if (kind === 'EndpointSlice') return 'discovery.k8s.io/v1'
  return kind === 'Service' || kind === 'Secret' ? 'v1' : 'kanali.io/v2'
}

/** Sets a value at a path where the path's parents are plain objects. */
function patch(raw: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.')
  const last = names.pop() ?? ''
  let here: Record<string, unknown> = raw
  for (const name of names) {
    const next = here[name]
    if (typeof next !== 'object' || next === null || Object.getPrototypeOf(next) !== Object.prototype)
      here[name] = {}
    here = here[name] as Record<string, unknown>
  }
  here[last] = value
}

function serialisable(resource: Resource): boolean {
  expect(JSON.parse(JSON.stringify(resource))).toEqual(resource)
  return true
}

function emptyOut(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const part of Object.values(value)) emptyOut(part)
  for (const key of Object.keys(value)) Reflect.deleteProperty(value, key)
}
