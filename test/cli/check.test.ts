// `kanali check` as a person or a CI runs it: words with file and line, JSON, exit statuses; and recorded requests that
// would be decided otherwise.

import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runToEnd } from '../support/running-process.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const CLI = path.join(import.meta.dirname, '../../src/cli/kanali.ts')

let folder: TempFolder
const at = (name: string) => path.join(folder.path, name)

async function check(...args: readonly string[]) {
  const { exit, stdout, stderr } = await runToEnd(process.execPath, [CLI, 'check', ...args])
  return { status: exit.code, out: stdout, said: stderr }
}

const PROXY = (name: string, source: string, target: string, more = ''): string => `---
apiVersion: kanali.io/v2
kind: ApiProxy
metadata:
  name: ${name}
  namespace: shop
spec:
  source:
    path: ${source}
  target:
    backend: ${target}
${more}`

beforeAll(async () => {
  folder = await tempFolder('check')
  await folder.write('good/all.yaml', PROXY('cart', '/cart', '{ endpoint: http://cart.example }'))
  await folder.write(
    'bad/proxies.yaml',
    [
      PROXY(
        'cart',
        '/cart',
        '{ service: { name: cart, port: 80 } }',
        '  plugins:\n    - name: apikey\n      config: {}\n',
      ),
      PROXY('copy', '/cart/', '{ endpoint: http://copy.example }'),
      PROXY('typo', '/typo', '{ endpoint: gopher://x }'),
      PROXY(
        'jwt',
        '/jwt',
        '{ endpoint: http://x.example }',
        '  plugins:\n    - name: jwt\n      config:\n        issuer: i\n',
      ),
    ].join(''),
  )
  await folder.write(
    'bad/list.json',
    JSON.stringify(
      {
        apiVersion: 'v1',
        kind: 'List',
        items: [
          {
            apiVersion: 'kanali.io/v2',
            kind: 'ApiKeyBinding',
            metadata: { name: 'b', namespace: 'shop' },
            spec: { keys: [{ name: 'k', subpaths: [{ path: '[', rule: {} }] }] },
          },
        ],
      },
      undefined,
      2,
    ),
  )
  await folder.write('bad/torn.yml', 'kind: ApiProxy\nmetadata: {\n')
  await folder.write(
    'surprising/all.yaml',
    PROXY('any', '/a', '{ endpoint: http://x.example }') +
      PROXY('one', '/a', '{ endpoint: http://x.example }').replace(
        'path: /a',
        'path: /a\n    virtualHost: a.example',
      ),
  )
  await folder.write(
    'moved/all.yaml',
    PROXY('cart', '/basket', '{ endpoint: http://cart.example }') +
      PROXY('rest', '/cart/7', '{ endpoint: http://rest.example:8080 }'),
  )
})
afterAll(() => folder.remove())

const WRONG = [
  'list.json:18:17: error: ApiKeyBinding shop/b: spec.keys[0].subpaths[0].path: "[" does not compile: missing closing [ExpressionInvalid, code 13]',
  'proxies.yaml:11:27: error: ApiProxy shop/cart: spec.target.backend.service.name: requests would be answered with code 10: Service shop/cart does not exist [ServiceMissing, code 10]',
  'proxies.yaml:14:7: error: ApiProxy shop/cart: spec.plugins[0].config.bindingName: requests would be answered with code 13: the configuration of plugin apikey has no bindingName [BindingUnnamed, code 13]',
  'proxies.yaml:22:3: error: ApiProxy shop/copy: spec.source: source path /cart (any host) is taken by ApiProxy shop/cart, which comes first by age, namespace and name [Conflict]',
  'proxies.yaml:36:16: error: ApiProxy shop/typo: spec.target.backend.endpoint: "gopher://x" must have the scheme http or https [Invalid]',
  'proxies.yaml:50:7: error: ApiProxy shop/jwt: spec.plugins[0].config: requests would be answered with code 13: config.audience is missing; "*" takes tokens that were made for anybody [TokenConfigInvalid, code 13]',
  'torn.yml:3:1: error: line 3, column 1: Flow map in block collection must be sufficiently indented and end with a } [Unparsable]',
  '5 objects in 3 files: 7 errors, 0 warnings',
]

describe('manifests', () => {
  test('that are right pass', async () => {
    expect(await check(at('good'))).toEqual({
      status: 0,
      out: '1 object in 1 file: 0 errors, 0 warnings\n',
      said: '',
    })
  })

  test('that are wrong are told with file, line, object, field and the code that requests would get', async () => {
    const { status, out, said } = await check(at('bad'))
    expect({ status, said }).toEqual({ status: 1, said: '' })
    expect(out.trimEnd().split('\n')).toEqual(WRONG)
  })

  test('that may surprise pass, but for --strict', async () => {
    const { status, out } = await check(at('surprising'))
    expect(status).toBe(0)
    expect(out).toContain(
      'all.yaml:8:3: warning: ApiProxy shop/any: spec.source: ApiProxy shop/one serves the host',
    )
    expect(out).toContain('2 objects in 1 file: 0 errors, 2 warnings')
    expect((await check(at('surprising'), '--strict')).status).toBe(1)
  })

  test('whose references come from elsewhere are not blamed for them', async () => {
    const { out } = await check(at('bad'), '--assume', 'Service', '--assume=ApiKeyBinding')
    expect(out).not.toContain('ServiceMissing')
    expect(out).toContain('TokenConfigInvalid')
  })

  test('are told as JSON to programs', async () => {
    const { status, out } = await check(at('bad'), '--output=json')
    expect(status).toBe(1)
    const { findings } = JSON.parse(out) as { findings: object[] }
    expect(findings).toHaveLength(WRONG.length - 1)
    expect(findings).toContainEqual({
      file: 'proxies.yaml',
      line: 11,
      column: 27,
      severity: 'error',
      object: { kind: 'ApiProxy', namespace: 'shop', name: 'cart' },
      field: 'spec.target.backend.service.name',
      reason: 'ServiceMissing',
      code: '10',
      message: 'requests would be answered with code 10: Service shop/cart does not exist',
    })
  })
})

describe('recorded requests', () => {
  const LINES = [
    { method: 'GET', host: 'shop.example', path: '/cart/1' },
    { method: 'GET', host: 'shop.example', path: '/cart/1' },
    { method: 'GET', host: 'shop.example', path: '/cart/7' },
    { method: 'GET', host: 'shop.example', path: '/basket' },
    { method: 'GET', host: 'shop.example', path: '/nowhere' },
  ]

  test('that would be decided otherwise are told: from what to what, and how many', async () => {
    const traffic = await folder.write(
      'access.log',
      `${LINES.map((line) => JSON.stringify({ ...line, status: 200 })).join('\n')}\nno request\n`,
    )
    const { status, out } = await check(at('moved'), '--old', at('good'), '--against', traffic)
    expect(status).toBe(1)
    expect(out.split('\n').slice(2, -1)).toEqual([
      'breaks 2: shop/cart -> http://cart.example:80, path /cart to / => code 00 (no_path_matched); such as GET shop.example/cart/1',
      'changes 1: code 00 (no_path_matched) => shop/cart -> http://cart.example:80, path /basket to /; such as GET shop.example/basket',
      'changes 1: shop/cart -> http://cart.example:80, path /cart to / => shop/rest -> http://rest.example:8080, path /cart/7 to /; such as GET shop.example/cart/7',
      '5 recorded requests, 4 different: 4 would be decided otherwise; 1 line without a request',
    ])
  })

  test('come from the recorder of a gateway too, and to programs as JSON', async () => {
    const traffic = await folder.write('dump.json', JSON.stringify({ total: 5, exchanges: LINES }))
    const { status, out } = await check(
      at('good'),
      '--old',
      at('good'),
      '--against',
      traffic,
      '--output=json',
    )
    expect(status).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      findings: [],
      replayed: { requests: 5, distinct: 4, changes: [] },
    })
  })
})

test.each([
  [['--output=xml'], 2, '--output is text or json'],
  [['--assume=Pod'], 2, '--assume Pod: there are ApiProxy'],
  [['--against=x'], 2, '--against and --old go together'],
  [['--against=nothing-there', '--old=.'], 3, 'nothing-there cannot be read (ENOENT)'],
])('%j is refused in one line', async (args, expected, says) => {
  const { status, out, said } = await check(at('good'), ...args)
  expect({ status, out }).toEqual({ status: expected, out: '' })
  expect(said).toContain(says)
  expect(said.trimEnd()).not.toContain('\n')
})

test('a folder that is not there is refused with another status', async () => {
  expect(await check(at('nowhere'))).toMatchObject({ status: 3, said: expect.stringContaining('ENOENT') })
})
