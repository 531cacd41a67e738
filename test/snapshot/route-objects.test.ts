// Which objects a route was made of, read back from the snapshot that it is in.

import { describe, expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { build } from '../../src/snapshot/build.ts'
import { ROUTE_OBJECTS_MAX } from '../../src/snapshot/route-objects.ts'
import type { Snapshot } from '../../src/snapshot/snapshot.ts'
import { apiProxy, endpointSlice, mockTarget, secret, service } from '../support/manifests.ts'
import { after, deleted, snapshotOf, stateOf, upserted } from '../support/world.ts'

const listed = (snapshot: Snapshot, name: string): string[] =>
  snapshot
    .objectsOf('default', name)
    .map(({ kind, name: of, role, resourceVersion, missing }) =>
      [kind, of, role, resourceVersion ?? '-', missing === true ? 'missing' : ''].join(' ').trim(),
    )

describe('the objects of a route', () => {
  test('are the ApiProxy, and all that its target needs', () => {
    const snapshot = snapshotOf(
      apiProxy('cart').at('/cart').service('cart', 80).ssl('pair').resourceVersion('1'),
      service('cart').port(80).resourceVersion('2'),
      endpointSlice('cart-b').of('cart').port(8080).endpoint('10.0.0.2', true).resourceVersion('4'),
      endpointSlice('cart-a').of('cart').port(8080).endpoint('10.0.0.1', true).resourceVersion('3'),
      secret('pair').resourceVersion('5'),
      service('other').port(80),
      mockTarget('other').route('/', 200, 'x'),
    )
    expect(listed(snapshot, 'cart')).toEqual([
      'ApiProxy cart route 1',
      'Service cart backend 2',
      'EndpointSlice cart-a endpoints 3',
      'EndpointSlice cart-b endpoints 4',
      'Secret pair tls 5',
    ])
  })

  test('name what is missing as missing', () => {
    const snapshot = snapshotOf(
      apiProxy('a').at('/a').service('none', 80).ssl('nothing'),
      apiProxy('m').at('/m').mock('nobody'),
    )
    expect(listed(snapshot, 'a')).toEqual([
      'ApiProxy a route -',
      'Service none backend - missing',
      'Secret nothing tls - missing',
    ])
    expect(listed(snapshot, 'm')).toEqual(['ApiProxy m route -', 'MockTarget nobody mock - missing'])
    expect(listed(snapshot, 'unknown')).toEqual([])
  })

  test('of dynamic discovery are the Services that carry all labels, up to a limit', () => {
    const many = Array.from({ length: ROUTE_OBJECTS_MAX + 5 }, (_, index) =>
      service(`s${index}`).labelled({ app: 'a', stage: 'live' }).port(80),
    )
    const labels = [
      { name: 'app', value: 'a' },
      { name: 'stage', header: 'x-stage' },
    ]
    const snapshot = snapshotOf(
      apiProxy('few').at('/few').labels(labels, 80),
      service('fits').labelled({ app: 'a', stage: 'live' }).port(80),
      service('lacks').labelled({ app: 'a' }).port(80),
    )
    expect(listed(snapshot, 'few')).toEqual(['ApiProxy few route -', 'Service fits backend -'])
    expect(listed(snapshotOf(apiProxy('many').at('/m').labels(labels, 80), ...many), 'many')).toHaveLength(
      ROUTE_OBJECTS_MAX,
    )
  })

  test('have the resourceVersion of their last change of content', () => {
    const at = (version: string, port = 80) =>
      apiProxy('a').at('/a').service('s', port).resourceVersion(version)
    const first = stateOf(at('1'), service('s').port(80))
    const touched = after(first, upserted(at('2')))
    expect(listed(build(touched, DEFAULT_OPTIONS), 'a')[0]).toBe('ApiProxy a route 1')
    const changed = after(touched, upserted(at('3', 81)), deleted(service('s')))
    const snapshot = build(changed, DEFAULT_OPTIONS, build(first, DEFAULT_OPTIONS))
    expect(listed(snapshot, 'a')).toEqual(['ApiProxy a route 3', 'Service s backend - missing'])
  })
})
