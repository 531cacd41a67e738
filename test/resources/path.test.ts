import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinTarget, normalisePath, segmentsEscape } from '../../src/resources/path.ts'

const rawPath = fc
  .array(
    fc.oneof(
      fc.constantFrom('/', '//', '.', '%2F', '%2e', '%47', '%', '%zz', 'foo', '+', '~', ';', '\\'),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))
const segment = fc.constantFrom('a', 'foo', '%2F', '%47%6f', '..', 'x%')
const normalPath = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`)

describe('normalisePath', () => {
  it.each([
    ['', '/'],
    ['/', '/'],
    ['////', '/'],
    ['foo////bar', '/foo/bar'],
    ['foo/', '/foo'],
    ['///foo////bar//', '/foo/bar'],
    ['/////https%3A%2F%2Fgoogle.com', '/https%3A%2F%2Fgoogle.com'],
  ])('makes %j into %j', (path, expected) => {
    expect(normalisePath(path)).toBe(expected)
  })

  it('changes nothing in a path that is normal', () => {
    fc.assert(fc.property(rawPath, (path) => normalisePath(normalisePath(path)) === normalisePath(path)))
  })

  it('keeps every byte but slashes, in order', () => {
    fc.assert(
      fc.property(rawPath, (path) => normalisePath(path).replaceAll('/', '') === path.replaceAll('/', '')),
    )
  })

  it('gives a leading slash, no repeated one and no trailing one', () => {
    fc.assert(fc.property(rawPath, (path) => /^(\/|(\/[^/]+)+)$/su.test(normalisePath(path))))
  })

  it('folds a path of slashes alone, however long', () => {
    expect(normalisePath('/'.repeat(100_000))).toBe('/')
  })
})

describe('joinTarget', () => {
  it.each([
    ['/foo', '/car', '/foo/bar', '/car/bar'],
    ['/', '/car', '/', '/car'],
    ['/', '/', '/', '/'],
    ['', '', '', '/'],
    ['/foo/bar', '/', '/foo/bar', '/'],
    ['/foo/bar', '/foo', '/foo/bar', '/foo'],
    ['/foo', '/', '/foo/bar', '/bar'],
    ['/foo', '/bar', '/foo/baz', '/bar/baz'],
    ['/', '/car', '/foo', '/car/foo'],
  ])(
    'puts, for the source %j and the target %j, the request %j at %j',
    (source, target, request, expected) => {
      expect(joinTarget(source, target, request)).toBe(expected)
    },
  )

  it.each([
    ['/foo', '/car', '/foo/bar/', '/car/bar/'],
    ['/foo', '/car', '/foo/', '/car/'],
    ['/foo', '/foo', '/foo/', '/foo/'],
    ['/foo', '/', '/foo/', '/'],
    ['/', '/', '/foo/', '/foo/'],
    ['/', '/car', '/foo/', '/car/foo/'],
    ['/', '/car', '//', '/car'],
    ['/foo', '/car', '//foo///bar//', '/car/bar/'],
  ])(
    'keeps the trailing slash: source %j, target %j, request %j gives %j',
    (source, target, request, expected) => {
      expect(joinTarget(source, target, request)).toBe(expected)
    },
  )

  it('keeps percent-encoding byte for byte', () => {
    expect(joinTarget('/endpoint', '/', '/endpoint/%47%6f%2f')).toBe('/%47%6f%2f')
    expect(joinTarget('/endpoint', '/', '/endpoint//%47%6F%2f%zz%')).toBe('/%47%6F%2f%zz%')
  })

  it('gives what was behind the source, behind the target, for every path below the source', () => {
    fc.assert(
      fc.property(normalPath, normalPath, normalPath, fc.boolean(), (source, target, below, slash) => {
        const request = normalisePath(`${source}/${below}`) + (slash ? '/' : '')
        const expected =
          normalisePath(`${target}/${below}`) + (slash && normalisePath(request) !== '/' ? '/' : '')
        const folded = expected.replaceAll(/\/{2,}/gu, '/')
        return joinTarget(normalisePath(source), normalisePath(target), request) === folded
      }),
    )
  })
})

describe('segmentsEscape', () => {
  const dots = ['.', '..', '%2e', '%2E', '.%2e', '%2E.', '%2e%2e', '%2E%2e']

  it.each(dots.flatMap((dot) => [dot, `/${dot}`, `/a/${dot}`, `/${dot}/a`, `/a//${dot}//b`]))(
    'catches %j',
    (path) => {
      expect(segmentsEscape(path)).toBe(true)
    },
  )

  it.each(['/a/..%2fb', '/a%2F..', '/a%2f%2e%2E%2fb', '/a/..\\b', '/a\\..', '/a%5c..%5Cb', '/..%5c'])(
    'catches %j, in which an upstream that decodes would see a segment of dots',
    (path) => {
      expect(segmentsEscape(path)).toBe(true)
    },
  )

  it.each([
    '',
    '/',
    '/a.b',
    '/...',
    '/.a',
    '/a.',
    '/..a',
    '/a..',
    '/%2e%2e%2e',
    '/%252e%252e/',
    '/%2e%',
    '/%2',
    '/%2ea',
    '/a%2fb',
    '/%47%6f%2f',
    '/.well-known/x',
  ])('lets %j pass', (path) => {
    expect(segmentsEscape(path)).toBe(false)
  })

  it('agrees with decoding once and looking at each segment', () => {
    const part = fc.constantFrom('.', '%2e', '%2E', '%2f', '%2F', '%5c', '%41', '/', '\\', 'a')
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
        const path = parts.join('')
        const segments = decodeURIComponent(path).split(/[/\\]/u)
        return segmentsEscape(path) === segments.some((one) => one === '.' || one === '..')
      }),
    )
  })
})
