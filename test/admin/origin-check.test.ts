import { describe, expect, test } from 'vitest'
import { checkOrigin } from '../../src/admin/origin-check.ts'

function check(fields: { host?: string; origin?: string; secFetchSite?: string }, allowed: string[] = []) {
  return checkOrigin({ host: fields.host, origin: fields.origin, secFetchSite: fields.secFetchSite }, allowed)
    ?.error
}

describe('the Host field', () => {
  test.each([
    'localhost',
    'LocalHost:9090',
    'localhost.',
    '127.0.0.1:9090',
    '10.1.2.3',
    '[::1]:9090',
    '[fe80::1]',
  ])('%s passes', (host) => {
    expect(check({ host })).toBeUndefined()
  })

  test.each([
    'attacker.example',
    'attacker.example:9090',
    'localhost.attacker.example',
    '127.0.0.1.attacker.example',
    'user@localhost',
    'localhost:9090:80',
    'localhost/',
    '[::1',
    '[127.0.0.1]',
    '::1',
    '0x7f000001',
    '',
    ' localhost',
  ])('%j is refused', (host) => {
    expect(check({ host })).toBe('host_not_allowed')
  })

  test('a missing one is refused', () => {
    expect(check({})).toBe('host_not_allowed')
  })

  test('a listed name passes with any port and in any case, one below it does not', () => {
    expect(check({ host: 'Kanali-Admin.example.com:8443' }, ['kanali-admin.EXAMPLE.com'])).toBeUndefined()
    expect(check({ host: 'x.kanali-admin.example.com' }, ['kanali-admin.example.com'])).toBe(
      'host_not_allowed',
    )
  })
})

describe('requests that a browser makes', () => {
  const host = 'localhost:9090'

  test('from an address that the user typed, or from this very page, they pass', () => {
    expect(check({ host, secFetchSite: 'none' })).toBeUndefined()
    expect(check({ host, secFetchSite: 'same-origin', origin: 'http://localhost:9090' })).toBeUndefined()
  })

  test.each([
    { secFetchSite: 'cross-site' },
    { secFetchSite: 'same-site' },
    { origin: 'https://attacker.example' },
    { origin: 'http://localhost:3000' },
    { origin: 'null' },
  ])('from elsewhere they are refused: %j', (fields) => {
    expect(check({ host, ...fields })).toBe('cross_origin')
  })
})
