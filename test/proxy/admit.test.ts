import { describe, expect, it } from 'vitest'
import { admit } from '../../src/proxy/admit.ts'

function head(
  target: string,
  fields: readonly [string, string][] = [['Host', 'a.test']],
  method = 'GET',
  httpVersion = '1.1',
) {
  return admit({ method, target, httpVersion, rawHeaders: fields.flat() }, 100)
}

describe('admitting a request head', () => {
  it('reads origin-form into path, search and host', () => {
    expect(head('/a//b?x=1?y#'.slice(0, -1), [['Host', 'Shop.Example:8080']])).toEqual({
      path: '/a//b',
      search: '?x=1?y',
      host: 'shop.example',
      hostPort: 8080,
      authority: 'Shop.Example:8080',
      contentLength: 0,
      expectsContinue: false,
    })
  })

  it('lets the authority of an absolute-form target replace Host', () => {
    expect(head('http://other.test/p?q', [['Host', 'a.test']])).toMatchObject({
      path: '/p',
      search: '?q',
      host: 'other.test',
      authority: 'other.test',
    })
    expect(head('http://other.test', [['Host', 'a.test']])).toMatchObject({ path: '/', search: '' })
    expect(head('HTTP://other.test?q', [['Host', 'a.test']])).toMatchObject({ path: '/', search: '?q' })
  })

  it.each([
    ['a/b', 'host_invalid'],
    ['a, b', 'host_invalid'],
    ['a b', 'host_invalid'],
    ['u@a', 'host_invalid'],
    ['a:8x', 'host_invalid'],
    ['a:65536', 'host_invalid'],
    ['[::1', 'host_invalid'],
    ['', 'host_invalid'],
    ['[fe80::1%25eth0]', 'host_invalid'],
  ])('refuses the Host %j', (host, reason) => {
    expect(head('/', [['Host', host]])).toBe(reason)
  })

  it('accepts addresses as Host', () => {
    expect(head('/', [['Host', '[::1]:80']])).toMatchObject({ host: '::1', hostPort: 80 })
    expect(head('/', [['Host', '127.0.0.1:']])).toMatchObject({ host: '127.0.0.1', hostPort: 0 })
  })

  it('wants one Host field of HTTP/1.1, and none of HTTP/1.0', () => {
    expect(head('/', [])).toBe('host_missing')
    expect(
      head('/', [
        ['Host', 'a'],
        ['hOST', 'b'],
      ]),
    ).toBe('host_duplicate')
    expect(head('/', [], 'GET', '1.0')).toMatchObject({ host: '', authority: '' })
  })

  it.each([
    ['GET', '*', 'target_invalid'],
    ['GET', '/a#b', 'target_invalid'],
    ['GET', 'a/b', 'target_invalid'],
    ['GET', 'ftp://a/b', 'target_invalid'],
    ['GET', 'http://u@a/b', 'target_invalid'],
    ['GET', '/a/../b', 'path_traversal'],
    ['GET', '/a/%2e%2E/b', 'path_traversal'],
    ['GET', '/./a', 'path_traversal'],
    ['TRACE', '/', 'method_not_allowed'],
    ['CONNECT', 'a:80', 'method_not_allowed'],
  ])('refuses %s %s as %s', (method, target, reason) => {
    expect(head(target, [['Host', 'a.test']], method)).toBe(reason)
  })

  it('answers OPTIONS of the server itself', () => {
    expect(head('*', [['Host', 'a.test']], 'OPTIONS')).toMatchObject({ path: '*' })
  })

  it.each([
    [
      [
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', '1'],
      ],
      '1.1',
      'ambiguous_framing',
    ],
    [[['Transfer-Encoding', 'chunked']], '1.0', 'ambiguous_framing'],
    [
      [
        ['Content-Length', '1'],
        ['Content-Length', '1'],
      ],
      '1.1',
      'ambiguous_framing',
    ],
    [[['Content-Length', '+1']], '1.1', 'ambiguous_framing'],
    [[['Content-Length', '1, 1']], '1.1', 'ambiguous_framing'],
    [[['Transfer-Encoding', 'gzip, chunked']], '1.1', 'transfer_coding_unsupported'],
    [
      [
        ['Transfer-Encoding', 'gzip'],
        ['Transfer-Encoding', 'chunked'],
      ],
      '1.1',
      'transfer_coding_unsupported',
    ],
  ] as [[string, string][], string, string][])(
    'refuses the framing %j of HTTP/%s',
    (fields, version, reason) => {
      expect(head('/', [['Host', 'a'], ...fields], 'POST', version)).toBe(reason)
    },
  )

  it('reads the declared length, and -1 for chunked', () => {
    expect(
      head(
        '/',
        [
          ['Host', 'a'],
          ['Content-Length', '12'],
        ],
        'POST',
      ),
    ).toMatchObject({ contentLength: 12 })
    expect(
      head(
        '/',
        [
          ['Host', 'a'],
          ['Transfer-Encoding', 'Chunked'],
        ],
        'POST',
      ),
    ).toMatchObject({ contentLength: -1 })
  })

  it('expects to continue only where content is announced, and refuses other expectations', () => {
    const expect100: [string, string] = ['Expect', '100-Continue']
    expect(head('/', [['Host', 'a'], expect100, ['Content-Length', '2']], 'POST')).toMatchObject({
      expectsContinue: true,
    })
    expect(head('/', [['Host', 'a'], expect100])).toMatchObject({ expectsContinue: false })
    expect(
      head('/', [
        ['Host', 'a'],
        ['Expect', 'tea'],
      ]),
    ).toBe('expectation_failed')
  })

  it('counts fields', () => {
    const many = Array.from({ length: 101 }, (_, at): [string, string] => [`x-${at}`, '1'])
    expect(head('/', many)).toBe('too_many_headers')
  })

  it('serves two versions of HTTP', () => {
    expect(head('/', [['Host', 'a']], 'GET', '2.0')).toBe('version_unsupported')
    expect(head('/', [['Host', 'a']], 'GET', '0.9')).toBe('version_unsupported')
  })
})
