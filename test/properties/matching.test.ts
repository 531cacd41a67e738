// Matching and path arithmetic against the simplest reading of the specification, written down here a second time.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { joinTarget, normalisePath, segmentsEscape } from '../../src/resources/path.ts'
import { match } from '../../src/snapshot/match.ts'
import type { Route } from '../../src/snapshot/snapshot.ts'
import { bareRoute, tableOf } from '../support/bare-snapshot.ts'

const segments = fc.constantFrom('a', 'b', 'ab', 'a%2Fb', '%61', 'constructor', '__proto__', 'ä')
const paths = fc.array(segments, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`)
const hosts = fc.constantFrom('one.example', 'two.example', '__proto__', '')
const raw = fc
  .array(fc.oneof(segments, fc.constantFrom('', '/', '//')), { maxLength: 6 })
  .map((parts) => `/${parts.join('/')}`)

const routes = fc
  .uniqueArray(
    fc.record({
      path: paths,
      host: fc.option(
        hosts.filter((host) => host !== ''),
        { nil: undefined },
      ),
    }),
    {
      selector: ({ path, host }) => `${path} ${host}`,
      maxLength: 12,
    },
  )
  .map((list) =>
    list.map(({ path, host }, index) =>
      bareRoute({ path, apiproxy: `p${index}`, ...(host === undefined ? {} : { virtualHost: host }) }),
    ),
  )

/** Longest source path by whole segments first; at one path the exact host before none. */
function naiveMatch(all: readonly Route[], path: string, host: string): Route | undefined {
  const fitting = all
    .filter((route) => route.path === '/' || path === route.path || path.startsWith(`${route.path}/`))
    .filter(({ virtualHost }) => virtualHost === undefined || virtualHost === host)
  const depth = (route: Route): number => (route.path === '/' ? 0 : route.path.split('/').length)
  const rank = (route: Route): number => depth(route) * 2 + (route.virtualHost === undefined ? 0 : 1)
  return fitting.sort((a, b) => rank(b) - rank(a))[0]
}

describe('matching', () => {
  test('finds the route that the specification names', () => {
    fc.assert(
      fc.property(routes, paths, hosts, (all, path, host) => {
        expect(match(tableOf(all), path, host)?.apiproxy).toBe(naiveMatch(all, path, host)?.apiproxy)
      }),
      { numRuns: 2000 },
    )
  })

  test('does not depend on the order in which routes came', () => {
    fc.assert(
      fc.property(routes, paths, hosts, (all, path, host) => {
        expect(match(tableOf(all.toReversed()), path, host)).toBe(match(tableOf(all), path, host))
      }),
      { numRuns: 500 },
    )
  })
})

describe('a path', () => {
  test('is normalised as the specification says, once and for all', () => {
    fc.assert(
      fc.property(raw, (path) => {
        const folded = path.replace(/\/+/g, '/')
        const expected = folded === '/' ? '/' : folded.replace(/\/$/, '')
        expect(normalisePath(path)).toBe(expected)
        expect(normalisePath(expected)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  test('goes upstream with the target in the place of the source, its other bytes as they were', () => {
    fc.assert(
      fc.property(
        paths,
        paths,
        fc.array(segments, { maxLength: 3 }),
        fc.boolean(),
        (source, target, rest, slash) => {
          const tail = rest.map((part) => `/${part}`).join('')
          const request = `${source === '/' ? '' : source}${tail}${slash ? '/' : ''}` || '/'
          const joined = joinTarget(source, target, request)
          const expected = `${target === '/' ? '' : target}${tail}`
          const isBare = tail === '' && (source === '/' || !slash)
          const wanted = isBare ? expected || '/' : `${expected}${slash ? '/' : ''}`
          expect(joined).toBe(wanted === '' ? '/' : wanted)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('that climbs is found wherever decoding would show it', () => {
    const dots = fc.constantFrom('.', '..', '%2e', '%2E.', '.%2e', '%2e%2E')
    const before = fc.constantFrom('/', '/a/', '/a%2f', '/a%5C', '/a\\')
    const behind = fc.constantFrom('', '/', '/b', '%2Fb', '%5c', '\\b')
    fc.assert(
      fc.property(before, dots, behind, (start, middle, end) => {
        expect(segmentsEscape(`${start}${middle}${end}`)).toBe(true)
      }),
    )
    fc.assert(
      fc.property(raw, (path) => {
        expect(segmentsEscape(path)).toBe(false)
      }),
    )
  })
})
