import { describe, expect, it } from 'vitest'
import { parseManifest } from '../../src/resources/parse.ts'
import { apiKey, apiProxy, resourceOf, service } from '../support/manifests.ts'

const shop = () => apiProxy('shop').at('/cart').toEndpoint('http://127.0.0.1:1')

describe('metadata', () => {
  it('keeps identity, age, labels and our own annotations', () => {
    const manifest = shop()
      .inNamespace('a')
      .uid('u')
      .resourceVersion('12')
      .generation(3)
      .created('2020-01-02')
      .labelled({ app: 'x' })
      .annotated({
        'kanali.io/note': 'kept',
        'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"password":"hunter2"}}',
        'sub.kanali.io/note': 'not ours',
      })
    expect(resourceOf(manifest).meta).toEqual({
      namespace: 'a',
      name: 'shop',
      uid: 'u',
      resourceVersion: '12',
      generation: 3,
      creationTimestamp: '2020-01-02T00:00:00.000Z',
      labels: { app: 'x' },
      annotations: { 'kanali.io/note': 'kept' },
    })
  })

  it('takes the default namespace where it names none', () => {
    expect(resourceOf(shop(), 'team').meta.namespace).toBe('team')
    expect(resourceOf(shop().inNamespace(''), 'team').meta.namespace).toBe('team')
  })

  it('has no namespace for a cluster-scoped kind', () => {
    expect(resourceOf(apiKey('k').inNamespace('a').revision('YQ==')).meta.namespace).toBe('')
  })

  it.each([
    ['2020-01-02T03:04:05Z', '2020-01-02T03:04:05.000Z'],
    ['2020-01-02t03:04:05.123456z', '2020-01-02T03:04:05.123Z'],
    ['2020-01-02T03:04:05+02:00', '2020-01-02T01:04:05.000Z'],
    [new Date('2020-01-02T03:04:05Z'), '2020-01-02T03:04:05.000Z'],
    [null, undefined],
  ])('reads the creation time %j as %j', (given, expected) => {
    expect(resourceOf(shop().patched('metadata.creationTimestamp', given)).meta.creationTimestamp).toBe(
      expected,
    )
  })

  it.each(['yesterday', '2020-01-02', '2020-13-02T00:00:00Z', 1577923445, new Date(Number.NaN)])(
    'finds the creation time %j wrong',
    (given) => {
      expect(resourceOf(shop().patched('metadata.creationTimestamp', given))).toMatchObject({
        problems: [{ field: 'metadata.creationTimestamp' }],
      })
    },
  )

  it('finds labels, annotations, uid and generation of a wrong type wrong, each in its place', () => {
    const manifest = shop()
      .patched('metadata.labels', { app: 1, 'x.io/y': [] })
      .patched('metadata.annotations', { 'kanali.io/enabled': true, other: 1 })
      .patched('metadata.uid', 5)
      .patched('metadata.generation', '1')
    expect(resourceOf(manifest)).toMatchObject({
      problems: [
        { field: 'metadata.uid', value: '5', rule: 'must be a string' },
        { field: 'metadata.generation', value: '1' },
        { field: 'metadata.labels.app', value: '1', rule: 'must be a string' },
        { field: 'metadata.labels[x.io/y]', value: 'a list', rule: 'must be a string' },
        { field: 'metadata.annotations[kanali.io/enabled]', value: 'true', rule: 'must be a string' },
      ],
    })
  })
})

describe('an object that cannot be named', () => {
  it.each([
    ['metadata', undefined, ''],
    ['metadata', 'x', 'a string'],
    ['metadata.name', undefined, ''],
    ['metadata.name', 7, '7'],
    ['metadata.name', 'Shop', 'Shop'],
    ['metadata.name', 'a/b', 'a/b'],
    ['metadata.name', 'a..b', 'a..b'],
    ['metadata.name', 'a\nb', 'a\\nb'],
    ['metadata.name', `${'a'.repeat(63)}.`.repeat(4), undefined],
    ['metadata.namespace', 'a.b', 'a.b'],
    ['metadata.namespace', 3, '3'],
  ])('for its %s of %j is unidentified', (field, value, shown) => {
    const [result] = parseManifest(shop().patched(field, value).build(), 'default')
    expect(result).toMatchObject({ type: 'unidentified', problem: { field } })
    if (result?.type === 'unidentified') {
      expect(result.problem.rule).toContain('(kind ApiProxy)')
      if (shown !== undefined) expect(result.problem.value).toBe(shown)
    }
  })

  it('may have dots in its name, but not a Service, whose name is part of a host name', () => {
    expect(resourceOf(shop().patched('metadata.name', 'a.b')).meta.name).toBe('a.b')
    expect(parseManifest(service('a.b').build(), 'default')).toMatchObject([{ type: 'unidentified' }])
  })
})
