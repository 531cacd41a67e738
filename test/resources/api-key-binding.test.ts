import { describe, expect, it } from 'vitest'
import { apiKeyBinding, resourceOf } from '../support/manifests.ts'

describe('an ApiKeyBinding', () => {
  it('is read with its rules, rate and quota', () => {
    const manifest = apiKeyBinding('b')
      .key('full', {
        defaultRule: { granular: { verbs: ['get', 'GET', 'post'] } },
        subpaths: [{ path: '/a(', rule: { global: true, granular: { verbs: ['GET'] } } }, { path: '^/b$' }],
        rate: { amount: 10, unit: 'minute' },
        quota: 0,
      })
      .key('bare')
      .key('empty', { defaultRule: {} })
    expect(resourceOf(manifest)).toMatchObject({
      kind: 'ApiKeyBinding',
      keys: [
        {
          name: 'full',
          defaultRule: { global: false, verbs: ['GET', 'POST'] },
          subpaths: [
            { path: '/a(', rule: { global: true, verbs: ['GET'] } },
            { path: '^/b$', rule: { global: false, verbs: [] } },
          ],
          rate: { amount: 10, unit: 'MINUTE' },
          quota: 0,
        },
        { name: 'bare', subpaths: [] },
        { name: 'empty', defaultRule: { global: false, verbs: [] }, subpaths: [] },
      ],
    })
    expect(resourceOf(manifest)).not.toHaveProperty('keys.1.defaultRule')
  })

  it.each([
    [{}, 'name'],
    [{ name: 'A' }, 'name'],
    [{ name: 'a', defaultRule: 'x' }, 'defaultRule'],
    [{ name: 'a', defaultRule: { global: 'true' } }, 'defaultRule.global'],
    [{ name: 'a', defaultRule: { granular: [] } }, 'defaultRule.granular'],
    [{ name: 'a', defaultRule: { granular: { verbs: 'GET' } } }, 'defaultRule.granular.verbs'],
    [{ name: 'a', defaultRule: { granular: { verbs: ['G T'] } } }, 'defaultRule.granular.verbs[0]'],
    [{ name: 'a', subpaths: [{ rule: {} }] }, 'subpaths[0].path'],
    [{ name: 'a', subpaths: [{ path: 7 }] }, 'subpaths[0].path'],
    [{ name: 'a', subpaths: [{ path: 'x'.repeat(1025) }] }, 'subpaths[0].path'],
    [{ name: 'a', rate: { unit: 'HOUR' } }, 'rate.amount'],
    [{ name: 'a', rate: { amount: 1 } }, 'rate.unit'],
    [{ name: 'a', rate: { amount: -1, unit: 'HOUR' } }, 'rate.amount'],
    [{ name: 'a', rate: { amount: 1, unit: 'DAY' } }, 'rate.unit'],
    [{ name: 'a', quota: -1 }, 'quota'],
    [{ name: 'a', quota: '5' }, 'quota'],
  ])('with the key %j has a problem at %s', (key, field) => {
    expect(resourceOf(apiKeyBinding('b').patched('spec.keys', [key]))).toMatchObject({
      problems: [{ field: `spec.keys[0].${field}` }],
    })
  })

  it('takes expressions of up to 1024 characters', () => {
    const path = 'x'.repeat(1024)
    expect(resourceOf(apiKeyBinding('b').key('a', { subpaths: [{ path }] }))).toMatchObject({
      keys: [{ subpaths: [{ path }] }],
    })
  })

  it('cannot name a key twice', () => {
    expect(resourceOf(apiKeyBinding('b').key('a').key('b').key('a'))).toMatchObject({
      problems: [{ field: 'spec.keys[2].name', value: 'a' }],
    })
  })
})
