import { describe, expect, it } from 'vitest'
import { candidates, HOSTS_NAMED_MAX, PATHS_NAMED_MAX } from '../../src/snapshot/candidates.ts'
import { entriesAlong, match } from '../../src/snapshot/match.ts'
import {
  EMPTY_ROUTE_TABLE,
  listRoutes,
  removeRoute,
  type RouteTable,
  setRoute,
} from '../../src/snapshot/route-table.ts'
import type { Route } from '../../src/snapshot/snapshot.ts'
import { bareRoute, tableOf } from '../support/bare-snapshot.ts'

/** `/path` or `host/path`. */
function route(place: string): Route {
  const slash = place.indexOf('/')
  const path = place.slice(slash)
  return bareRoute({ apiproxy: place, path, ...(slash > 0 && { virtualHost: place.slice(0, slash) }) })
}

function table(...places: readonly string[]): RouteTable {
  return tableOf(places.map(route))
}

function matched(routes: RouteTable, path: string, host = 'any.example'): string | undefined {
  return match(routes, path, host)?.apiproxy
}

describe('match', () => {
  it('takes the longest source path, by whole segments', () => {
    const routes = table('/', '/foo', '/foo/bar')
    expect(matched(routes, '/foo/bar/car')).toBe('/foo/bar')
    expect(matched(routes, '/foo/bar')).toBe('/foo/bar')
    expect(matched(routes, '/foo/barn')).toBe('/foo')
    expect(matched(routes, '/foobar')).toBe('/')
    expect(matched(routes, '/')).toBe('/')
  })

  it('takes an exact virtual host before a host-less route of the same path', () => {
    const routes = table('/foo', 'a.example/foo')
    expect(matched(routes, '/foo', 'a.example')).toBe('a.example/foo')
    expect(matched(routes, '/foo', 'b.example')).toBe('/foo')
  })

  it('takes a longer host-less path before a shorter one of the exact host', () => {
    const routes = table('/foo/bar', 'a.example/foo')
    expect(matched(routes, '/foo/bar/car', 'a.example')).toBe('/foo/bar')
  })

  it('skips a path that does not fit the host and tries the next shorter one', () => {
    const routes = table('/foo', 'a.example/foo/bar', 'b.example/foo/bar/car')
    expect(matched(routes, '/foo/bar/car', 'c.example')).toBe('/foo')
    expect(matched(routes, '/foo/bar/car', 'a.example')).toBe('a.example/foo/bar')
  })

  it('compares percent-encoding and case as sent', () => {
    const routes = table('/Foo', '/%66oo')
    expect(matched(routes, '/foo')).toBeUndefined()
    expect(matched(routes, '/%66oo/x')).toBe('/%66oo')
  })

  it('finds nothing in an empty table, nor for a path without a leading slash', () => {
    expect(matched(EMPTY_ROUTE_TABLE, '/foo')).toBeUndefined()
    expect(matched(table('/foo'), '*')).toBeUndefined()
    expect(matched(table('/foo'), '')).toBeUndefined()
  })

  it('finds source paths far deeper than usual', () => {
    const deep = '/a'.repeat(100)
    const routes = table(deep, '/a')
    expect(matched(routes, `${deep}/b`)).toBe(deep)
    expect(matched(routes, deep.slice(2))).toBe('/a')
  })

  it('tells by what is along the path whether only the host was wrong', () => {
    const routes = table('a.example/foo', 'b.example/foo/bar')
    expect(entriesAlong(routes, '/foo/bar/car').map(({ path }) => path)).toEqual(['/foo/bar', '/foo'])
    expect(entriesAlong(routes, '/car')).toEqual([])
  })
})

describe('a route table', () => {
  it('counts places, not sets', () => {
    const routes = table('/foo', '/foo', 'a.example/foo')
    expect(routes.size).toBe(2)
    expect(removeRoute(routes, '/foo', undefined).size).toBe(1)
    expect(removeRoute(routes, '/foo', 'b.example')).toBe(routes)
    expect(removeRoute(routes, '/bar', undefined)).toBe(routes)
  })

  it('is empty again once every route is removed', () => {
    const routes = removeRoute(
      removeRoute(table('/foo/bar', 'a.example/foo/bar'), '/foo/bar', undefined),
      '/foo/bar',
      'a.example',
    )
    expect(routes).toEqual(EMPTY_ROUTE_TABLE)
  })

  it('is what it would be without a route that came and went, down to one route of a path and up again', () => {
    const places = ['/foo', 'a.example/foo', 'b.example/foo']
    for (const gone of places) {
      const kept = places.filter((place) => place !== gone)
      const { path, virtualHost } = route(gone)
      const without = removeRoute(table(...places), path, virtualHost)
      expect([...listRoutes(without)]).toEqual([...listRoutes(table(...kept))])
      for (const last of kept) {
        const other = route(kept.find((place) => place !== last) ?? '')
        const one = removeRoute(without, other.path, other.virtualHost)
        expect([...listRoutes(one)]).toEqual([route(last)])
        expect(one.size).toBe(1)
        expect(removeRoute(one, other.path, other.virtualHost)).toBe(one)
        expect(setRoute(one, route(gone)).size).toBe(2)
      }
    }
  })

  it('replaces the only route of a path by another of the same host', () => {
    const after = setRoute(table('a.example/foo'), { ...route('a.example/foo'), apiproxy: 'another' })
    expect(matched(after, '/foo', 'a.example')).toBe('another')
    expect(matched(after, '/foo', 'b.example')).toBeUndefined()
    expect(after.size).toBe(1)
  })

  it('leaves earlier tables as they were', () => {
    const before = table('/foo')
    const after = setRoute(before, route('/foo/bar'))
    expect(matched(before, '/foo/bar')).toBe('/foo')
    expect(matched(after, '/foo/bar')).toBe('/foo/bar')
  })

  it('lists routes by path, host-less first, then by host', () => {
    const places = [...listRoutes(table('b.example/foo', '/foo', '/bar', 'a.example/foo'))]
    expect(places.map(({ apiproxy }) => apiproxy)).toEqual(['/bar', '/foo', 'a.example/foo', 'b.example/foo'])
  })
})

describe('candidates', () => {
  const verdicts = (routes: RouteTable, path: string, host: string) =>
    candidates(routes, path, host).map(({ route: { apiproxy }, verdict }) => `${apiproxy}: ${verdict}`)

  it('say of every route along the path why it won or lost', () => {
    const routes = table('/', '/foo', 'a.example/foo', 'b.example/foo', 'b.example/foo/bar', '/fool')
    expect(verdicts(routes, '/foo/bar', 'a.example')).toEqual([
      'b.example/foo/bar: host differs',
      'a.example/foo: matched',
      '/foo: exact host preferred',
      'b.example/foo: host differs',
      '/: shorter',
      '/fool: path differs',
    ])
  })

  it('name the nearest other paths where nothing is along the path', () => {
    expect(verdicts(table('/foo/bar', '/car'), '/foo/baz', 'a.example')).toEqual(['/foo/bar: path differs'])
  })

  it('name only a few of very many', () => {
    const hosts = Array.from({ length: 50 }, (_, index) => `host-${index}.example/foo`)
    const paths = Array.from({ length: 50 }, (_, index) => `/foo-${index}`)
    const named = candidates(table(...hosts, ...paths), '/foo', 'other.example')
    expect(named).toHaveLength(HOSTS_NAMED_MAX + PATHS_NAMED_MAX)
  })
})
