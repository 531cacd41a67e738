import { describe, expect, it } from 'vitest'
import { DEFAULT_OPTIONS } from '../src/config/options.ts'
import { build } from '../src/snapshot/build.ts'
import { apiProxy, mockTarget, service } from './support/manifests.ts'
import { ask, askOutcome, optionsWith, snapshotOf, stateOf } from './support/world.ts'

describe('a request that matches nothing', () => {
  const snapshot = snapshotOf(apiProxy('a').at('/a').host('a.example').toEndpoint('http://up.example'))

  it('is told apart from one that matches but for its host', () => {
    expect(askOutcome(snapshot, 'http://a.example/b')).toBe('00 no_path_matched')
    expect(askOutcome(snapshot, 'http://b.example/a/b')).toBe('00 no_host_matched')
    expect(askOutcome(snapshot, 'http://a.example/a/b')).toBe('default/a http://up.example:80/b')
  })

  it('has no route, and a target path that is not empty', () => {
    expect(ask(snapshot, 'http://a.example/b')).toMatchObject({
      route: undefined,
      targetPath: '/',
      cardinality: 0,
    })
  })
})

describe('the target path', () => {
  it.each([
    ['/foo', '/car', '/foo/bar', '/car/bar'],
    ['/', '/car', '/', '/car'],
    ['/', '/', '/', '/'],
    ['/foo/bar', '/', '/foo/bar', '/'],
    ['/foo/bar', '/foo', '/foo/bar', '/foo'],
    ['/foo', '/', '/foo/bar', '/bar'],
    ['/foo', '/', '/foo/bar/', '/bar/'],
    ['/foo', '/car', '//foo//bar///', '/car/bar/'],
    ['/foo', '/', '/foo', '/'],
    ['/endpoint', '/', '/endpoint/%47%6f%2f', '/%47%6f%2f'],
  ])('of source %s and target %s for %s is %s', (source, target, path, expected) => {
    const snapshot = snapshotOf(apiProxy('a').at(source).target(target).toEndpoint('http://up.example'))
    expect(ask(snapshot, path).targetPath).toBe(expected)
  })
})

describe('an invalid ApiProxy', () => {
  it('holds its place: requests there fail and do not fall to a shorter route', () => {
    const snapshot = snapshotOf(
      apiProxy('bad').at('/a/b').patched('spec.target.backend', { endpoint: 'ftp://x' }),
      apiProxy('good').at('/a').toEndpoint('http://up.example'),
    )
    expect(askOutcome(snapshot, '/a/b/c')).toBe('default/bad 00 apiproxy_invalid')
    expect(askOutcome(snapshot, '/a/c')).toBe('default/good http://up.example:80/c')
  })

  it('fails alone', () => {
    const snapshot = snapshotOf(
      apiProxy('bad').patched('spec', 3),
      apiProxy('good').at('/a').toEndpoint('http://up.example'),
    )
    expect(askOutcome(snapshot, '/a')).toContain('default/good')
  })
})

describe('a mock', () => {
  const snapshot = snapshotOf(
    apiProxy('a').at('/a').target('/v1').mock('m'),
    mockTarget('m')
      .route('/v1', 200, 'root')
      .route('/v1/users', 200, 'users', { methods: ['GET'] })
      .route('/v1/users', 201, 'created', { methods: ['post'] })
      .route('/v1/users/me', 200, 'me', { methods: ['GET'] }),
  )

  it.each([
    ['/a', 'default/a 200 root'],
    ['/a/users', 'default/a 200 users'],
    ['/a/users/', 'default/a 200 users'],
    ['post /a/users', 'default/a 201 created'],
    ['/a/users/me/x', 'default/a 200 me'],
    ['/a/usersx', 'default/a 200 root'],
    ['DELETE /a/users', 'default/a 200 root'],
  ])('answers %s by the longest path of the target that has the method: %s', (request, expected) => {
    expect(askOutcome(snapshot, request)).toBe(expected)
  })

  it('tells a missing route from a missing method', () => {
    const narrow = snapshotOf(
      apiProxy('a').at('/a').mock('m'),
      mockTarget('m').route('/users', 200, '', { methods: ['GET'] }),
    )
    expect(askOutcome(narrow, '/a/cars')).toBe('default/a 02 mock_route_missing')
    expect(askOutcome(narrow, 'DELETE /a/users')).toBe('default/a 02 mock_method_missing')
  })

  it('has its answer at the root', () => {
    const root = snapshotOf(apiProxy('a').at('/a').mock('m'), mockTarget('m').route('/', 204))
    expect(askOutcome(root, '/a/anything')).toBe('default/a 204 ')
  })
})

describe('dynamic discovery', () => {
  const byHeader = apiProxy('a')
    .at('/a')
    .labels(
      [
        { name: 'app', value: 'shop' },
        { name: 'version', header: 'X-Version' },
      ],
      80,
    )
  const shop = (name: string, version: string, day: number) =>
    service(name).labelled({ app: 'shop', version }).created(`2026-01-0${day}`).port(80)
  const world = [
    byHeader,
    shop('young', '1', 3),
    shop('old', '1', 1),
    shop('next', '2', 2),
    service('other').labelled({ version: '1' }).port(80),
  ]

  it('takes the oldest Service that fits, and counts them', () => {
    const snapshot = snapshotOf(...world)
    expect(askOutcome(snapshot, '/a', { 'x-version': '1' })).toBe(
      'default/a http://old.default.svc.cluster.local:80/ (1 of 2)',
    )
    expect(askOutcome(snapshot, '/a', { 'x-version': '2' })).toBe(
      'default/a http://next.default.svc.cluster.local:80/',
    )
  })

  it('tells values that no Service has from a header that is absent', () => {
    const snapshot = snapshotOf(...world)
    expect(askOutcome(snapshot, '/a', { 'x-version': '3' })).toBe('default/a 10 service_labels_unmatched')
    expect(askOutcome(snapshot, '/a')).toBe('default/a 10 service_label_header_absent')
  })

  it('takes the default value of a header that is absent, whatever its case', () => {
    const options = optionsWith({ 'proxy.default_header_values': { 'X-VERSION': '2' } })
    const snapshot = build(stateOf(...world), options)
    expect(askOutcome(snapshot, '/a')).toContain('//next.')
    expect(askOutcome(snapshot, '/a', { 'x-version': '1' })).toContain('//old.')
  })

  it('takes no built-in property for a default value', () => {
    const proxy = apiProxy('a')
      .at('/a')
      .labels([{ name: 'app', header: 'constructor' }], 80)
    const snapshot = snapshotOf(proxy, shop('old', '1', 1))
    expect(askOutcome(snapshot, '/a')).toBe('default/a 10 service_label_header_absent')
  })

  it('fails whatever the headers where no Service carries the fixed labels', () => {
    const snapshot = snapshotOf(byHeader, service('other').labelled({ app: 'other', version: '1' }).port(80))
    expect(askOutcome(snapshot, '/a')).toBe('default/a 10 service_labels_unmatched')
  })

  it('looks in its own namespace only', () => {
    const snapshot = snapshotOf(byHeader, shop('old', '1', 1).inNamespace('elsewhere'))
    expect(askOutcome(snapshot, '/a', { 'x-version': '1' })).toBe('default/a 10 service_labels_unmatched')
  })

  it('puts Services without an age last, then goes by name', () => {
    const fixed = apiProxy('a')
      .at('/a')
      .labels([{ name: 'app', value: 'shop' }], 80)
    const ageless = (name: string) => service(name).labelled({ app: 'shop' }).port(80)
    expect(askOutcome(snapshotOf(fixed, ageless('b'), ageless('a')), '/a')).toContain('//a.')
    expect(askOutcome(snapshotOf(fixed, ageless('a'), shop('z', '1', 9)), '/a')).toContain('//z.')
  })
})

describe('a decision', () => {
  it('is the same for the same snapshot and request, and shares the route with it', () => {
    const snapshot = build(stateOf(apiProxy('a').at('/a').toEndpoint('http://up.example')), DEFAULT_OPTIONS)
    expect(ask(snapshot, '/a/b')).toEqual(ask(snapshot, '/a/b'))
    expect(ask(snapshot, '/a/b').route).toBe(ask(snapshot, '/a').route)
  })
})
