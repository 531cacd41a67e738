import { describe, expect, it } from 'vitest'
import type { Resource } from '../../src/resources/resource.ts'
import { apiProxy, resourceOf } from '../support/manifests.ts'

const shop = () => apiProxy('shop').at('/cart').toEndpoint('http://127.0.0.1:1')

function problemsOf(resource: Resource): string[] {
  return 'problems' in resource
    ? resource.problems.map(({ field, value, rule }) => `${field} | ${value} | ${rule}`)
    : []
}

function fieldsOf(resource: Resource): string[] {
  return 'problems' in resource ? resource.problems.map(({ field }) => field) : []
}

describe('an ApiProxy', () => {
  it('is read whole, in normal form', () => {
    const manifest = apiProxy('shop')
      .inNamespace('a')
      .at('//cart///x/')
      .host('Shop.TEST')
      .target('car/')
      .toEndpoint('HTTPS://Example.com')
      .ssl('tls')
      .plugin(' apiKey ', { bindingName: 'b' })
      .plugin('quota', undefined, '1.0.0')
    expect(resourceOf(manifest)).toEqual({
      kind: 'ApiProxy',
      meta: { namespace: 'a', name: 'shop', labels: {}, annotations: {} },
      source: { path: '/cart/x', virtualHost: 'shop.test' },
      target: {
        path: '/car',
        backend: { type: 'endpoint', scheme: 'https', host: 'example.com', port: 443 },
        sslSecretName: 'tls',
      },
      plugins: [
        { name: 'apiKey', config: { bindingName: 'b' } },
        { name: 'quota', version: '1.0.0', config: {} },
      ],
    })
  })

  it('has the target path / and any host where it names none', () => {
    const manifest = shop().host('').target('').patched('spec.target.ssl', null)
    expect(resourceOf(manifest)).toMatchObject({ source: { path: '/cart' }, target: { path: '/' } })
    expect(resourceOf(manifest)).not.toHaveProperty('source.virtualHost')
    expect(resourceOf(shop())).toMatchObject({ target: { path: '/' }, plugins: [] })
  })

  it('keeps percent-encoding in its paths as written', () => {
    expect(resourceOf(shop().at('/a%2Fb/%c3%BC').target('/%47'))).toMatchObject({
      source: { path: '/a%2Fb/%c3%BC' },
      target: { path: '/%47' },
    })
  })

  it('says all its problems, each with its field', () => {
    const manifest = apiProxy('shop')
      .at('cart')
      .host('*.test')
      .target('/x?y')
      .service('S', 70_000)
      .patched('spec.target.ssl', {})
      .plugin('../evil', { a: [] as unknown as string }, '..')
    expect(problemsOf(resourceOf(manifest))).toEqual([
      'spec.source.path | cart | must begin with a slash',
      'spec.source.virtualHost | *.test | must be a host name or address without port; wildcards are not supported',
      expect.stringContaining('spec.target.path | /x?y | must be a path'),
      'spec.target.backend.service.port | 70000 | must be an integer from 0 to 65535',
      expect.stringContaining('spec.target.backend.service.name | S | must be a DNS label'),
      'spec.target.ssl.secretName |  | is required',
      expect.stringContaining('spec.plugins[0].name | ../evil | must begin with a letter or digit'),
      expect.stringContaining('spec.plugins[0].version | .. | must begin with a letter or digit'),
      'spec.plugins[0].config.a | a list | must be a string',
    ])
  })

  it.each([
    [undefined, 'spec'],
    [[], 'spec'],
    [{}, 'spec.source'],
    [{ source: {} }, 'spec.source.path'],
    [{ source: { path: 3 } }, 'spec.source.path'],
    [{ source: { path: '/a' } }, 'spec.target'],
    [{ source: { path: '/a' }, target: {} }, 'spec.target.backend'],
    [{ source: { path: '/a' }, target: { backend: 'x' } }, 'spec.target.backend'],
  ])('with the spec %j has a problem at %s', (spec, field) => {
    expect(fieldsOf(resourceOf(shop().patched('spec', spec)))).toContain(field)
  })
})

describe('a source path', () => {
  it.each([
    '',
    'a',
    '/a?b',
    '/a#b',
    '/a b',
    '/a\n',
    '/a\u007f',
    '/ü',
    '/a/../b',
    '/./a',
    '/%2e%2E/a',
    `/${'a'.repeat(2048)}`,
  ])('cannot be %j', (path) => {
    expect(fieldsOf(resourceOf(shop().at(path)))).toEqual(['spec.source.path'])
  })

  it('is shown escaped and cut', () => {
    const problems = problemsOf(resourceOf(shop().at(`/\n${'a'.repeat(3000)}`)))
    expect(problems[0]).toMatch(/^spec\.source\.path \| \/\\na{94}\.\.\. \| /u)
  })
})

describe('a virtual host', () => {
  it.each(['x:80', '*', '*.x', 'a b', 'http://x', 'x/y', 7])('cannot be %j', (host) => {
    expect(fieldsOf(resourceOf(shop().patched('spec.source.virtualHost', host)))).toEqual([
      'spec.source.virtualHost',
    ])
  })

  it('can be an address, without the brackets', () => {
    expect(resourceOf(shop().host('[::1]'))).toMatchObject({ source: { virtualHost: '::1' } })
    expect(resourceOf(shop().host('10.0.0.1'))).toMatchObject({ source: { virtualHost: '10.0.0.1' } })
  })
})

describe('an endpoint', () => {
  it.each([
    ['http://a', 'http', 'a', 80],
    ['https://a', 'https', 'a', 443],
    ['http://a.b.:8080', 'http', 'a.b', 8080],
    ['http://10.0.0.1:0', 'http', '10.0.0.1', 0],
    ['https://[2001:DB8::1]:65535', 'https', '2001:db8::1', 65_535],
    ['http://[::1]', 'http', '::1', 80],
  ])('%s is scheme %s, host %s, port %i', (text, scheme, host, port) => {
    expect(resourceOf(shop().toEndpoint(text))).toMatchObject({
      target: { backend: { type: 'endpoint', scheme, host, port } },
    })
  })

  it.each([
    '',
    'a:80',
    '//a',
    'ftp://a',
    'http://',
    'http://a:',
    'http://a:65536',
    'http://a:-1',
    'http://a:8o',
    'http://a/',
    'http://a/b',
    'http://a?b',
    'http://a#b',
    'http://a b',
    'http://*.a',
    'http://::1',
    'http://[::1',
    'http://[::1]x',
    'http://127.1',
  ])('cannot be %j', (text) => {
    expect(fieldsOf(resourceOf(shop().toEndpoint(text)))).toEqual(['spec.target.backend.endpoint'])
  })

  it.each([
    ['http://user:hunter2@a:80', 'http://***@a:80'],
    ['ftp://user:hunter2@a', 'ftp://***@a'],
    ['user:hunter2@a', '***@a'],
    ['http://user:hunter2@x@a', 'http://***@a'],
    ['hunter2@http://a', '***@http://a'],
  ])('with user information is refused, and %j is shown as %j', (text, shown) => {
    expect(problemsOf(resourceOf(shop().toEndpoint(text)))).toEqual([
      `spec.target.backend.endpoint | ${shown} | must not hold user information`,
    ])
  })
})

describe('a backend', () => {
  it('can be a Service by name or by labels, or a MockTarget', () => {
    expect(resourceOf(shop().service('s', 80))).toMatchObject({
      target: { backend: { type: 'service', name: 's', port: 80 } },
    })
    const labels = [
      { name: 'app.io/name', value: '' },
      { name: 'track', header: 'X-Track' },
    ]
    expect(resourceOf(shop().labels(labels, 0))).toMatchObject({
      target: {
        backend: { type: 'labels', labels: [labels[0], { name: 'track', header: 'x-track' }], port: 0 },
      },
    })
    expect(resourceOf(shop().mock('m'))).toMatchObject({
      target: { backend: { type: 'mock', mockTargetName: 'm' } },
    })
  })

  it.each([
    [{}, '', 'spec.target.backend'],
    [{ endpoint: 'http://a', mock: { mockTargetName: 'm' } }, 'endpoint, mock', 'spec.target.backend'],
    [{ service: { port: 80 } }, '', 'spec.target.backend.service'],
    [{ service: { name: 's', labels: [], port: 80 } }, 'name, labels', 'spec.target.backend.service'],
  ])('must be exactly one kind, which %j is not', (backend, value, field) => {
    expect(resourceOf(shop().patched('spec.target.backend', backend))).toMatchObject({
      problems: [{ field, value }],
    })
  })

  it.each([
    [{ endpoint: 7 }, 'endpoint'],
    [{ mock: {} }, 'mock.mockTargetName'],
    [{ mock: 'm' }, 'mock'],
    [{ service: 's' }, 'service'],
    [{ service: { name: 's' } }, 'service.port'],
    [{ service: { name: 's', port: '80' } }, 'service.port'],
    [{ service: { name: 's', port: 1.5 } }, 'service.port'],
    [{ service: { name: 's', port: -1 } }, 'service.port'],
    [{ service: { name: 'a.b', port: 1 } }, 'service.name'],
    [{ service: { labels: [], port: 1 } }, 'service.labels'],
    [{ service: { labels: {}, port: 1 } }, 'service.labels'],
    [{ service: { labels: ['x'], port: 1 } }, 'service.labels[0]'],
    [{ service: { labels: [{ name: 'a' }], port: 1 } }, 'service.labels[0]'],
    [{ service: { labels: [{ name: 'a', value: 'b', header: 'c' }], port: 1 } }, 'service.labels[0]'],
    [{ service: { labels: [{ value: 'b' }], port: 1 } }, 'service.labels[0].name'],
    [{ service: { labels: [{ name: 'a b', value: 'b' }], port: 1 } }, 'service.labels[0].name'],
    [{ service: { labels: [{ name: 'a', value: 'b c' }], port: 1 } }, 'service.labels[0].value'],
    [{ service: { labels: [{ name: 'a', value: 1 }], port: 1 } }, 'service.labels[0].value'],
    [{ service: { labels: [{ name: 'a', header: 'b:' }], port: 1 } }, 'service.labels[0].header'],
  ])('%j has a problem at %s', (backend, field) => {
    expect(fieldsOf(resourceOf(shop().patched('spec.target.backend', backend)))).toEqual([
      `spec.target.backend.${field}`,
    ])
  })
})

describe("a plugin's configuration", () => {
  it('is texts, also where YAML read numbers, booleans or nothing', () => {
    const config = { a: 'x', b: 5, c: true, d: null, 'e f': 1.5 }
    expect(resourceOf(shop().patched('spec.plugins', [{ name: 'p', version: '', config }]))).toMatchObject({
      plugins: [{ name: 'p', config: { a: 'x', b: '5', c: 'true', d: '', 'e f': '1.5' } }],
    })
  })

  it('is its own fields only, whatever they are called', () => {
    const config: unknown = JSON.parse('{"__proto__":"a","constructor":"b"}')
    const resource = resourceOf(shop().patched('spec.plugins', [{ name: 'p', config }]))
    expect(JSON.stringify(resource)).toContain('{"__proto__":"a","constructor":"b"}')
  })

  it('has its keys escaped in the field of a problem', () => {
    expect(
      fieldsOf(resourceOf(shop().patched('spec.plugins', [{ name: 'p', config: { 'a\n.b': {} } }]))),
    ).toEqual(['spec.plugins[0].config[a\\n.b]'])
  })

  it.each([
    ['p', 1],
    ['p', 'a b'],
    ['p', '../1'],
    [7, '1'],
    ['.p', '1'],
    ['', '1'],
    [undefined, '1'],
  ])('belongs to no plugin of the name %j and version %j', (name, version) => {
    expect(fieldsOf(resourceOf(shop().patched('spec.plugins', [{ name, version }])))).toHaveLength(1)
  })

  it('belongs to a list of at most 10,000 plugins', () => {
    const plugins = Array.from({ length: 10_001 }, () => ({ name: 'p' }))
    expect(problemsOf(resourceOf(shop().patched('spec.plugins', plugins)))).toEqual([
      'spec.plugins | 10001 | must have at most 10000 items',
    ])
  })
})

describe('an invalid ApiProxy', () => {
  it('claims its place where its source could be read', () => {
    expect(resourceOf(shop().at('/cart/').host('X.test').toEndpoint('x'))).toMatchObject({
      claim: { path: '/cart', virtualHost: 'x.test' },
    })
    expect(resourceOf(shop().patched('spec.target', undefined))).toMatchObject({ claim: { path: '/cart' } })
    expect(resourceOf(shop().plugin(''))).toMatchObject({ claim: { path: '/cart' } })
    expect(resourceOf(shop().patched('metadata.labels', 'x'))).toMatchObject({ claim: { path: '/cart' } })
  })

  it('claims nothing where a part of its source is broken: a path without its host would take every host', () => {
    expect(resourceOf(shop().host('*'))).not.toHaveProperty('claim')
    expect(resourceOf(shop().at('x'))).not.toHaveProperty('claim')
  })
})
