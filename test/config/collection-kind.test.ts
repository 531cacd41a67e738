import { describe, expect, test } from 'vitest'
import { ANY_ITEM, list, map } from '../../src/config/collection-kind.ts'
import { addressBlock, headerName, hostName } from '../../src/config/value-rules.ts'

const LIST = list('anything')
const MAP = map('anything', ANY_ITEM)

describe('a list', () => {
  test('is split at commas and trimmed; empty text is the empty list', () => {
    expect(LIST.parse(' a, b ,c')?.value).toEqual(['a', 'b', 'c'])
    expect(LIST.parse('')?.value).toEqual([])
    expect(LIST.parse(null)?.value).toEqual([])
  })

  test('can come as a list of a file, whose items are taken literally', () => {
    expect(LIST.parse(['a,b', 5, true, 'c\\,'])?.value).toEqual(['a,b', '5', 'true', 'c\\,'])
  })

  test('takes commas, equals signs and backslashes literally behind a backslash', () => {
    expect(LIST.parse('a\\,b,c\\\\,d\\=e,\\f')?.value).toEqual(['a,b', 'c\\', 'd=e', '\\f'])
  })

  test('keeps the first of equal items', () => {
    expect(LIST.parse('a,b,a')?.value).toEqual(['a', 'b'])
  })

  test('is refused with an empty item, an item on two lines, a nested list, or more than a thousand items', () => {
    for (const raw of ['a,', ',', ['a\nb'], [['a']], [{}], {}, Array.from({ length: 1001 }, String)]) {
      expect(LIST.parse(raw)).toBeUndefined()
    }
  })
})

describe('a map', () => {
  test('is written as pairs, or is a map of a file; values may be empty or hold further equals signs', () => {
    expect(MAP.parse('foo=bar, car = baz,e=,f=a=b')?.value).toEqual({
      foo: 'bar',
      car: 'baz',
      e: '',
      f: 'a=b',
    })
    expect(MAP.parse({ foo: 'bar', port: 80, on: true, none: null })?.value).toEqual({
      foo: 'bar',
      port: '80',
      on: 'true',
      none: '',
    })
    expect(MAP.parse('')?.value).toEqual({})
  })

  test('is refused with a pair without equals sign, an empty name, a nested value, or a name twice', () => {
    for (const raw of ['foo', '=bar', 'a=b,', { a: {} }, { a: ['b'] }, 'a=1,a=2', ['a=b'], new Date(0)]) {
      expect(MAP.parse(raw)).toBeUndefined()
    }
    expect(map('headers', headerName).parse({ Foo: '1', foo: '2' })).toBeUndefined()
  })

  test('takes __proto__ for a name like any other', () => {
    const value = MAP.parse('__proto__=x')?.value ?? {}
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })
})

describe('the rules for items', () => {
  test('an address block is an address with or without prefix, normalised to one with', () => {
    expect(['10.0.0.0/8', '192.168.1.7', '::1', 'FE80::/10', '0.0.0.0/0'].map(addressBlock)).toEqual([
      '10.0.0.0/8',
      '192.168.1.7/32',
      '::1/128',
      'fe80::/10',
      '0.0.0.0/0',
    ])
  })

  test('an address block with a zone, a name, a prefix out of range or a shortened address is refused', () => {
    const wrong = [
      'fe80::1%eth0',
      'localhost',
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0',
      '/8',
      '1.2.3.4/+8',
    ]
    for (const written of wrong) expect(addressBlock(written), written).toBeUndefined()
  })

  test('a header name is a token, in lower case', () => {
    expect(headerName('X-Api-Key')).toBe('x-api-key')
    for (const written of ['', 'a b', 'a:b', 'ä', 'a\r\nb', 'a=b', 'x'.repeat(257)]) {
      expect(headerName(written), written).toBeUndefined()
    }
  })

  test('a host name has no port, brackets, spaces or slashes, and is put in lower case', () => {
    expect(['Admin.Example.COM', 'localhost', '::1', '10.0.0.1'].map(hostName)).toEqual([
      'admin.example.com',
      'localhost',
      '::1',
      '10.0.0.1',
    ])
    for (const written of ['a:80', '[::1]', 'a b', 'a/b', '', '-a', 'a..b', 'x'.repeat(64)]) {
      expect(hostName(written), written).toBeUndefined()
    }
  })
})
