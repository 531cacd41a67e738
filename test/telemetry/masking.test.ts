// What of queries and headers may be seen: names always, values only where they are allowed.

import { describe, expect, test } from 'vitest'
import { Mask } from '../../src/telemetry/masking.ts'

const mask = new Mask({
  maskValue: 'omitted',
  headerKeys: ['X-Session'],
  apiKeyHeader: 'X-Api-Key',
  queryAllowList: ['page', 'wsdl'],
})

describe('a masked query', () => {
  test.each([
    ['', ''],
    ['a=1', 'a=omitted'],
    ['a=1&page=2&b=', 'a=omitted&page=2&b=omitted'],
    ['token', 'omitted'],
    ['wsdl', 'wsdl'],
    ['a=b=c', 'a=omitted'],
    ['p%61ge=2', 'p%61ge=omitted'],
    ['&&a=1&', '&&a=omitted&'],
  ])('of %j is %j', (query, shown) => {
    expect(mask.query(query)).toBe(shown)
  })
})

test('credentials, cookies, the api key and the headers that the option names are masked in any case, all others shown', () => {
  const raw = [
    'Authorization',
    'Basic x',
    'COOKIE',
    'a=b',
    'Proxy-Authorization',
    'y',
    'x-api-key',
    'k',
    'x-session',
    's',
  ]
  expect(mask.headers([...raw, 'Set-Cookie', 'c', 'Accept', '*/*'])).toEqual([
    ['Authorization', 'omitted'],
    ['COOKIE', 'omitted'],
    ['Proxy-Authorization', 'omitted'],
    ['x-api-key', 'omitted'],
    ['x-session', 'omitted'],
    ['Set-Cookie', 'omitted'],
    ['Accept', '*/*'],
  ])
})

test.each(['X-Auth-Token', 'x-csrf', 'My-Session-Id', 'X-Amz-Signature', 'x-apikey', 'Client-Secret'])(
  'what is called like a secret, such as %s, is masked without being listed',
  (name) => {
    expect(mask.headers([name, 'value'])).toEqual([[name, 'omitted']])
  },
)

test('a URL in a header keeps its path, and its query is masked like every query', () => {
  const raw = ['Referer', 'https://shop.example/cart?page=2&code=secret', 'User-Agent', 'curl (why?)']
  expect(mask.headers(raw)).toEqual([
    ['Referer', 'https://shop.example/cart?page=2&code=omitted'],
    ['User-Agent', 'curl (why?)'],
  ])
})
