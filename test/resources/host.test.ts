import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normaliseHost } from '../../src/resources/host.ts'

describe('normaliseHost', () => {
  it.each([
    ['Shop.Example.COM', 'shop.example.com'],
    ['shop.example.com.', 'shop.example.com'],
    ['localhost', 'localhost'],
    ['my_service', 'my_service'],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['2001:DB8:0:0::0001', '2001:db8::1'],
    ['1a.2b', '1a.2b'],
  ])('makes %j into %j', (text, expected) => {
    expect(normaliseHost(text)).toBe(expected)
  })

  it.each([
    '',
    '.',
    'a..b',
    '-a',
    'a-',
    '*.example.com',
    'a:80',
    '[::1]:80',
    '[::1',
    '::1]',
    '[127.0.0.1]',
    'fe80::1%eth0',
    '127.1',
    '0x7f.1',
    '127.0.0.01',
    '256.0.0.1',
    '1',
    'bücher.example',
    'a b',
    'a/b',
    'user@host',
    'a'.repeat(64),
    `${'a.'.repeat(127)}a`,
    ':::',
  ])('refuses %j', (text) => {
    expect(normaliseHost(text)).toBeUndefined()
  })

  it('changes nothing in what it gave, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV4(), fc.ipV6()), (text) => {
        const host = normaliseHost(text)
        if (host !== undefined) expect(normaliseHost(host)).toBe(host)
      }),
    )
  })

  it('takes every domain and address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()), (text) => normaliseHost(text) !== undefined),
    )
  })
})
