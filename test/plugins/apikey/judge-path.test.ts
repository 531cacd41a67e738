import { describe, expect, test } from 'vitest'
import { JUDGED_PATH_CHARS_MAX, judgePath } from '../../../src/plugins/apikey/judge-path.ts'
import { compileBinding, type CompiledGrant, GRANT_SIZE_MAX } from '../../../src/snapshot/compile-binding.ts'
import { EXPRESSION_SIZE_MAX } from '../../../src/snapshot/rule-pattern.ts'
import { apiKeyBinding, resourceOf } from '../../support/manifests.ts'

const GLOBAL = { global: true }
const GET = { granular: { verbs: ['GET'] } }

function compiled(grant: Readonly<Record<string, unknown>>) {
  const resource = resourceOf(apiKeyBinding('b').key('k', grant))
  if (resource.kind !== 'ApiKeyBinding' || 'problems' in resource) throw new Error('not valid')
  return compileBinding(resource)
}

function grantOf(grant: Readonly<Record<string, unknown>>): CompiledGrant {
  const found = compiled(grant).grants.get('k')
  if (found === undefined) throw new Error('no grant')
  return found
}

function verdict(grant: Readonly<Record<string, unknown>>, request: string): string {
  const [method = '', path = ''] = request.split(' ')
  const { place, reason } = judgePath(grantOf(grant), method, path)
  return `${reason ?? 'granted'} by ${place.replace('keys[0].', '')}`
}

describe('a rule', () => {
  test.each([
    [{}, 'GET /', 'path_denied by defaultRule'],
    [{ defaultRule: {} }, 'GET /', 'path_denied by defaultRule'],
    [{ defaultRule: GLOBAL }, 'PATCH /', 'granted by defaultRule'],
    [{ defaultRule: { global: false } }, 'GET /', 'path_denied by defaultRule'],
    [{ defaultRule: GET }, 'GET /', 'granted by defaultRule'],
    [{ defaultRule: GET }, 'HEAD /', 'method_denied by defaultRule'],
    [{ defaultRule: { granular: { verbs: ['get'] } } }, 'GET /', 'granted by defaultRule'],
    [{ defaultRule: { global: true, granular: { verbs: ['GET'] } } }, 'POST /', 'granted by defaultRule'],
  ])('%j on %s: %s', (grant, request, expected) => {
    expect(verdict(grant, request)).toBe(expected)
  })
})

describe('subpaths', () => {
  const grant = {
    defaultRule: GET,
    subpaths: [
      { path: '/orders/[0-9]+/cancel', rule: GLOBAL },
      { path: '/orders', rule: GET },
      { path: '/admin', rule: {} },
      { path: 'x', rule: GLOBAL },
      { path: '/a|/b', rule: GLOBAL },
    ],
  }

  test.each([
    ['POST /orders/1/cancel', 'granted by subpaths[0]'],
    ['POST /orders/x/cancel', 'method_denied by subpaths[1]'],
    ['GET /ordersAndMore', 'granted by subpaths[1]'],
    ['GET /admin', 'path_denied by subpaths[2]'],
    ['GET /not/admin', 'granted by defaultRule'],
    ['POST /x', 'method_denied by defaultRule'],
    ['POST /b/1', 'granted by subpaths[4]'],
    ['POST /c/b', 'method_denied by defaultRule'],
  ])('%s: %s', (request, expected) => {
    expect(verdict(grant, request)).toBe(expected)
  })

  test.each([
    ['GET /%61dmin', 'path_denied by subpaths[2]'],
    ['GET /%61%64min/x', 'path_denied by subpaths[2]'],
    ['GET /x%2f..%2fadmin', 'path_denied by subpaths'],
    ['GET /%2fadmin', 'path_denied by subpaths[2]'],
    ['GET /caf%e9', 'granted by defaultRule'],
    ['GET /100%25', 'granted by defaultRule'],
    ['GET /zz%zz', 'granted by defaultRule'],
    ['POST /orders%2f1/cancel', 'method_denied by subpaths[1]'],
  ])('are held against what a path decodes to as well: %s: %s', (request, expected) => {
    expect(verdict(grant, request)).toBe(expected)
  })

  test('of other languages than ASCII match what is sent percent-encoded', () => {
    const cafe = { subpaths: [{ path: '/café', rule: GLOBAL }] }
    expect(verdict(cafe, `GET ${encodeURI('/café')}`)).toBe('granted by subpaths[0]')
  })

  test('are not held against a path that is longer than any rule is meant for', () => {
    const path = `/orders/${'1'.repeat(JUDGED_PATH_CHARS_MAX)}`
    expect(verdict(grant, `GET ${path}`)).toBe('path_denied by subpaths')
  })
})

describe('an expression', () => {
  test.each(['(', '[', 'a{2,1}', '(?<=a)b', '\\1', '*', 'a)|(b', '(?=x)', 'a{1001}', '((a{100}){100}){100}'])(
    '%s does not compile: named with its place, and whoever could have been meant is denied',
    (expression) => {
      const { faults } = compiled({ subpaths: [{ path: expression, rule: GLOBAL }] })
      expect(faults).toHaveLength(1)
      expect(faults[0]?.field).toBe('spec.keys[0].subpaths[0].path')
      expect(faults[0]?.fault).toContain('does not compile')
      expect(verdict({ defaultRule: GLOBAL, subpaths: [{ path: expression, rule: GLOBAL }] }, 'GET /')).toBe(
        'rule_expression_invalid by subpaths[0]',
      )
    },
  )

  test('that comes after one that matches does no harm', () => {
    const subpaths = [
      { path: '/ok', rule: GLOBAL },
      { path: '(', rule: GLOBAL },
    ]
    expect(verdict({ subpaths }, 'GET /ok/1')).toBe('granted by subpaths[0]')
  })

  test('that would cost too much is refused, alone and together', () => {
    const large = `(?:a?){${EXPRESSION_SIZE_MAX}}`
    expect(compiled({ subpaths: [{ path: large, rule: GLOBAL }] }).faults[0]?.fault).toContain('instructions')
    const many = Array.from({ length: 40 }, () => ({ path: 'b'.repeat(200), rule: GLOBAL }))
    const { faults } = compiled({ subpaths: many })
    expect(faults.length).toBeGreaterThan(10)
    expect(faults[0]?.fault).toContain(`${GRANT_SIZE_MAX} instructions`)
  })

  test('may quote to its end', () => {
    expect(verdict({ subpaths: [{ path: '\\Q/a.b', rule: GLOBAL }] }, 'GET /a.b')).toBe(
      'granted by subpaths[0]',
    )
    expect(verdict({ subpaths: [{ path: '\\Q/a.b', rule: GLOBAL }] }, 'GET /axb')).toBe(
      'path_denied by defaultRule',
    )
  })
})
