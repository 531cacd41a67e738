import { describe, expect, test } from 'vitest'
import { type SnapshotFilter, snapshotView } from '../../src/admin/snapshot-view.ts'
import { failure } from '../../src/errors/failure.ts'
import type { Condition, Route } from '../../src/snapshot/snapshot.ts'
import { bareRoute, bareSnapshot, tableOf } from '../support/bare-snapshot.ts'

function condition(set: Partial<Condition> = {}): Condition {
  return {
    kind: 'ApiProxy',
    namespace: 'application',
    name: 'example',
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: 'Accepted.',
    ...set,
  }
}

function reason(route: Route): string | undefined {
  return view([route]).routes.items[0]?.failure?.reason
}

function view(routes: readonly Route[], filter: Partial<SnapshotFilter> = {}, conditions: Condition[] = []) {
  return snapshotView(bareSnapshot({ conditions, routes: tableOf(routes) }), { limit: 1_000, ...filter })
}

describe('what a route shows', () => {
  test('an upstream with its endpoints, IPv6 in brackets, and its TLS name without the handle', () => {
    const target = {
      type: 'upstream',
      scheme: 'https',
      endpoints: [
        { host: 'a.example', port: 443 },
        { host: '::1', port: 8443 },
      ],
      tls: { id: 'tls-id-7', secretHandle: 'handle-of-the-vault', serverName: 'a.example' },
    } as const
    const shown = view([bareRoute({ target, virtualHost: 'foo.example' })])
    expect(shown.routes.items).toEqual([
      {
        namespace: 'application',
        apiproxy: 'example',
        path: '/example',
        host: 'foo.example',
        targetPath: '/',
        target: {
          type: 'upstream',
          endpoints: ['https://a.example:443', 'https://[::1]:8443'],
          endpointsTotal: 2,
          tls: { serverName: 'a.example', bySecret: true },
        },
      },
    ])
    expect(JSON.stringify(shown)).not.toMatch(/handle-of-the-vault|tls-id-7/)
  })

  test('many endpoints are cut at twenty and counted', () => {
    const endpoints = Array.from({ length: 30 }, (_, index) => ({ host: `10.0.0.${index}`, port: 80 }))
    const [first = { host: '', port: 0 }, ...rest] = endpoints
    const shown = view([
      bareRoute({ target: { type: 'upstream', scheme: 'http', endpoints: [first, ...rest] } }),
    ])
    expect(shown.routes.items[0]?.target).toMatchObject({ endpointsTotal: 30 })
    expect(shown.routes.items[0]?.target).toHaveProperty('endpoints.length', 20)
  })

  test('a ready failure with code and reason', () => {
    const target = {
      type: 'failed',
      failure: failure('service_missing', 'no Service application/x'),
    } as const
    expect(view([bareRoute({ target })]).routes.items[0]).toMatchObject({
      target: { type: 'failed' },
      failure: { code: '10', reason: 'service_missing', detail: 'no Service application/x' },
    })
  })

  test('the failure that a request meets first: the bad object, then plugins, then the target', () => {
    const target = { type: 'failed', failure: failure('service_missing') } as const
    const plugins = [{ name: 'p', file: 'p.mjs', config: {}, failure: failure('plugin_file_missing') }]
    const invalid = failure('apiproxy_invalid')
    expect(reason(bareRoute({ target, plugins, invalid }))).toBe('apiproxy_invalid')
    expect(reason(bareRoute({ target, plugins }))).toBe('plugin_file_missing')
    expect(reason(bareRoute({ target }))).toBe('service_missing')
    expect(reason(bareRoute())).toBeUndefined()
  })

  test('plugin configuration by its keys, every value redacted', () => {
    const plugins = [{ name: 'signer', version: '1.0.0', file: 's.mjs', config: { key: 'hunter2' } }]
    const shown = view([bareRoute({ plugins })])
    expect(shown.routes.items[0]?.plugins).toEqual([
      { name: 'signer', version: '1.0.0', config: { key: '<redacted>' } },
    ])
    expect(JSON.stringify(shown)).not.toContain('hunter2')
  })

  test('a mock by its name, without the bodies it answers', () => {
    const routes = [{ path: '/', status: 200, headers: [['x-a', 'hunter2']], body: 'hunter2' }] as const
    const shown = view([bareRoute({ target: { type: 'mock', name: 'fake', routes } })])
    expect(shown.routes.items[0]?.target).toEqual({ type: 'mock', name: 'fake', routesTotal: 1 })
    expect(JSON.stringify(shown)).not.toContain('hunter2')
  })

  test('dynamic discovery by its header labels and the candidates, without default header values', () => {
    const upstream = { type: 'upstream', scheme: 'http', endpoints: [{ host: 'svc', port: 80 }] } as const
    const missing = { type: 'failed', failure: failure('service_port_missing', 'no port 81') } as const
    const target = {
      type: 'dynamic',
      byHeader: [{ name: 'release', header: 'x-release' }],
      candidates: [
        { labels: { release: 'a' }, target: upstream },
        { labels: { release: 'b' }, target: missing },
      ],
      defaultHeaderValues: { 'x-release': 'hunter2' },
    } as const
    const shown = view([bareRoute({ target })])
    expect(shown.routes.items[0]?.target).toEqual({
      type: 'dynamic',
      byHeader: [{ label: 'release', header: 'x-release' }],
      candidates: [
        { type: 'upstream', endpoints: ['http://svc:80'], endpointsTotal: 1 },
        { code: '10', reason: 'service_port_missing', detail: 'no port 81' },
      ],
      candidatesTotal: 2,
    })
    expect(JSON.stringify(shown)).not.toContain('hunter2')
  })
})

describe('filters and the limit', () => {
  const routes = ['a', 'b', 'c'].map((apiproxy) =>
    bareRoute({ apiproxy, path: `/${apiproxy}`, namespace: `ns-${apiproxy}` }),
  )
  const conditions = [
    condition({ namespace: 'ns-a', name: 'a' }),
    condition({ kind: 'Secret', namespace: 'ns-a', name: 'tls' }),
    condition({ kind: 'File', namespace: '', name: 'x.yaml' }),
  ]
  const counts = (filter: Partial<SnapshotFilter>) => {
    const shown = view(routes, filter, conditions)
    return [shown.routes.total, shown.conditions.total]
  }

  test('namespace, name and kind narrow routes and conditions alike', () => {
    expect(counts({})).toEqual([3, 3])
    expect(counts({ namespace: 'ns-a' })).toEqual([1, 2])
    expect(counts({ namespace: 'ns-a', name: 'a' })).toEqual([1, 1])
    expect(counts({ kind: 'ApiProxy' })).toEqual([3, 1])
    expect(counts({ kind: 'File' })).toEqual([0, 1])
    expect(counts({ name: 'none' })).toEqual([0, 0])
  })

  test('what is cut is said, with both totals', () => {
    const shown = view(routes, { limit: 2 }, conditions)
    expect(shown.routes).toMatchObject({ total: 3, shown: 2 })
    expect(shown.conditions).toMatchObject({ total: 3, shown: 2 })
    expect(shown.cut).toContain('2 of 3 routes and 2 of 3 conditions')
  })

  test('nothing is said where nothing is cut', () => {
    expect(view(routes, { limit: 3 }, conditions)).not.toHaveProperty('cut')
  })
})

test('the time since which the source is stale is readable', () => {
  const shown = snapshotView(bareSnapshot({ staleSince: 0 }), { limit: 1 })
  expect(shown.staleSince).toBe('1970-01-01T00:00:00.000Z')
})
