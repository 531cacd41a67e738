// Who may take requests from whom, across namespaces.

import { describe, expect, it } from 'vitest'
import { decide } from '../../src/decide.ts'
import { apply } from '../../src/events/state.ts'
import { build } from '../../src/snapshot/build.ts'
import { captured } from '../../src/snapshot/cross-namespace.ts'
import { prefixesOf } from '../../src/snapshot/place-keys.ts'
import { apiProxy, mockTarget, resourceOf } from '../support/manifests.ts'
import { optionsWith, stateOf } from '../support/world.ts'

const OLD = '2026-01-01T00:00:00Z'
const NEW = '2026-06-01T00:00:00Z'

const route = (namespace: string, path: string, created: string, host?: string) => {
  const builder = apiProxy(`at${path.replaceAll('/', '-')}${host ?? ''}`)
    .inNamespace(namespace)
    .at(path)
    .created(created)
    .mock('canned')
  return resourceOf(host === undefined ? builder : builder.host(host))
}
const canned = (namespace: string) =>
  resourceOf(mockTarget('canned').inNamespace(namespace).route('/', 200, namespace))
const MOCKS = [canned('mine'), canned('yours')]

function askedOf(mode: 'allow' | 'warn' | 'deny', ...routes: ReturnType<typeof route>[]) {
  const snapshot = build(stateOf(...MOCKS, ...routes), optionsWith({ 'routing.cross_namespace': mode }))
  const accepted = [...snapshot.conditions].filter(({ type }) => type === 'Accepted')
  return {
    served: (path: string, host = 'a.example') =>
      decide(snapshot, { method: 'GET', path, host, header: () => undefined }).route?.namespace,
    said: Object.fromEntries(
      accepted.map(({ namespace, reason, message }) => [namespace, `${reason}: ${message}`]),
    ),
  }
}

describe('a younger route below another namespace’s', () => {
  const both = [route('mine', '/a', OLD), route('yours', '/a/b', NEW)]

  it('is served and told so, by default', () => {
    const { served, said } = askedOf('warn', ...both)
    expect([served('/a'), served('/a/b')]).toEqual(['mine', 'yours'])
    expect(said['yours']).toBe(
      'Accepted: source path /a/b (any host) is its own; it takes requests from ApiProxy mine/at-a of another namespace (source path /a, any host)',
    )
    expect(said['mine']).not.toContain('another namespace')
  })

  it('is served and told nothing where that is allowed', () => {
    const { served, said } = askedOf('allow', ...both)
    expect(served('/a/b')).toBe('yours')
    expect(said['yours']).not.toContain('another namespace')
  })

  it('is not served where that is denied, and the older one keeps its requests', () => {
    const { served, said } = askedOf('deny', ...both)
    expect([served('/a'), served('/a/b')]).toEqual(['mine', 'mine'])
    expect(said['yours']).toBe(
      'CrossNamespace: source path /a/b (any host) takes requests from ApiProxy mine/at-a (source path /a (any host)) of another namespace, which is older; routing.cross_namespace denies that',
    )
  })
})

describe('what is not denied', () => {
  it.each([
    ['a route of the same namespace', route('mine', '/a', OLD), route('mine', '/a/b', NEW), 'mine'],
    ['the older of two', route('mine', '/a', NEW), route('yours', '/a/b', OLD), 'yours'],
    [
      'another host',
      route('mine', '/a', OLD, 'b.example'),
      route('yours', '/a/b', NEW, 'a.example'),
      'yours',
    ],
  ])('is %s', (_, older, younger, owner) => {
    const { served } = askedOf('deny', older, younger)
    expect(served('/a/b')).toBe(owner)
  })
})

it('a path that only looks alike is nobody’s but its own', () => {
  const { served } = askedOf('deny', route('mine', '/a', OLD), route('yours', '/ab', NEW))
  expect([served('/a/b'), served('/ab')]).toEqual(['mine', 'yours'])
})

describe('what is denied too', () => {
  it('is a virtual host beside a host-less route of another namespace', () => {
    const { served } = askedOf('deny', route('mine', '/a', OLD), route('yours', '/a', NEW, 'a.example'))
    expect(served('/a')).toBe('mine')
  })

  it('is a host-less route below a hosted one', () => {
    const { served } = askedOf('deny', route('mine', '/a', OLD, 'a.example'), route('yours', '/a/b', NEW))
    expect(served('/a/b')).toBe('mine')
  })
})

it('gives a place to the next claim where the first is denied, and back when the reason is gone', () => {
  const options = optionsWith({ 'routing.cross_namespace': 'deny' })
  const older = route('mine', '/a', OLD)
  const first = build(stateOf(...MOCKS, older, route('yours', '/a/b', NEW)), options)
  expect(first.conditionsOf('ApiProxy/yours/at-a-b')[0]?.reason).toBe('CrossNamespace')
  const state = apply(stateOf(...MOCKS, older, route('yours', '/a/b', NEW)), {
    type: 'deleted',
    source: 'test',
    observedAt: 0,
    kind: 'ApiProxy',
    namespace: 'mine',
    name: 'at-a',
  })
  expect(build(state, options).conditionsOf('ApiProxy/yours/at-a-b')[0]?.reason).toBe('Accepted')
})

it('knows every shorter path of whole segments', () => {
  expect(prefixesOf('/a/b/c')).toEqual(['/a/b/c', '/a/b', '/a', '/'])
  expect(prefixesOf('/')).toEqual(['/'])
  expect(
    captured(
      {
        meta: { namespace: 'n', name: 'a', labels: {}, annotations: {} },
        failures: [],
        notes: [],
        asked: [],
      },
      () => [],
    ),
  ).toBeUndefined()
})
