// Manifests of our kinds that are good or break one rule each: judged by the parser and by the API server alike.

import type {
  ApiKeyBindingManifest,
  ApiKeyManifest,
  ApiProxyManifest,
  MockTargetManifest,
} from '../../src/resources/crds/crds.ts'

type Backend = ApiProxyManifest['spec']['target']['backend']

const proxy = (backend: Backend, more: object = {}, source: object = { path: '/a' }): ApiProxyManifest =>
  ({
    apiVersion: 'kanali.io/v2',
    kind: 'ApiProxy',
    metadata: { name: 'example', namespace: 'default' },
    spec: { source, target: { path: '/', backend, ...more } },
  }) as ApiProxyManifest

const mock = (route: object, ...others: object[]): MockTargetManifest => ({
  apiVersion: 'kanali.io/v2',
  kind: 'MockTarget',
  metadata: { name: 'example', namespace: 'default' },
  spec: { routes: [route, ...others] as MockTargetManifest['spec']['routes'] },
})

const key = (revision: object): ApiKeyManifest => ({
  apiVersion: 'kanali.io/v2',
  kind: 'ApiKey',
  metadata: { name: 'example' },
  spec: { revisions: [revision] as unknown as ApiKeyManifest['spec']['revisions'] },
})

const binding = (...keys: object[]): ApiKeyBindingManifest => ({
  apiVersion: 'kanali.io/v2',
  kind: 'ApiKeyBinding',
  metadata: { name: 'example', namespace: 'default' },
  spec: { keys: keys as ApiKeyBindingManifest['spec']['keys'] },
})

const MOCKED: Backend = { mock: { mockTargetName: 'canned' } }

export const GOOD_EXAMPLES: readonly (readonly [name: string, manifest: object])[] = [
  ['a mock backend', proxy(MOCKED)],
  ['an endpoint', proxy({ endpoint: 'https://api.example.com:8443' })],
  ['an endpoint in capitals', proxy({ endpoint: 'HTTP://Example.com' })],
  ['an IPv6 endpoint', proxy({ endpoint: 'http://[::1]:80' })],
  ['a Service by name', proxy({ service: { name: 'orders', port: 0 } })],
  [
    'a Service by labels',
    proxy({
      service: {
        port: 80,
        labels: [
          { name: 'example.com/app', value: '' },
          { name: 'stage', header: 'x-stage' },
        ],
      },
    }),
  ],
  ['a virtual host', proxy(MOCKED, {}, { path: '/a%2Fb//c/', virtualHost: 'Shop.example.com.' })],
  ['an address as virtual host', proxy(MOCKED, {}, { path: '/', virtualHost: '[2001:db8::1]' })],
  ['an empty virtual host', proxy(MOCKED, {}, { path: '/', virtualHost: '' })],
  ['three dots', proxy(MOCKED, {}, { path: '/...' })],
  ['a target path without a slash', proxy(MOCKED, { path: 'b' })],
  ['ssl', proxy(MOCKED, { ssl: { secretName: 'tls' } })],
  [
    'plugins',
    {
      ...proxy(MOCKED),
      spec: {
        ...proxy(MOCKED).spec,
        plugins: [
          { name: 'apiKey', config: { bindingName: 'x' } },
          { name: 'other', version: '1.0.0' },
        ],
      },
    },
  ],
  [
    'a mock with everything',
    mock({ path: 'a', status: 200, methods: ['get'], headers: { 'X-A': 'b' }, body: 'c' }),
  ],
  ['a mock without content', mock({ path: '/', status: 204 }, { path: '/b', status: 304, body: '' })],
  ['a revision on several lines', key({ data: 'YWJj\nZGVm\r\n', status: 'Active' })],
  ['a revision', key({ data: 'YWJj', status: 'Active', lastUsed: '2026-11-24T00:00:00Z' })],
  [
    'a binding with everything',
    binding({
      name: 'one',
      defaultRule: { global: true },
      subpaths: [{ path: '/a.*', rule: { granular: { verbs: ['get', 'POST'] } } }, { path: '/b' }],
      rate: { amount: 5, unit: 'Minute' },
      quota: 10,
    }),
  ],
]

/** With a word that the API server's message must have. */
export const BAD_EXAMPLES: readonly (readonly [name: string, manifest: object, says: string])[] = [
  ['no backend', proxy({}), 'exactly one of endpoint, service, mock'],
  ['two backends', proxy({ ...MOCKED, endpoint: 'http://a' }), 'exactly one of endpoint, service, mock'],
  ['no source', { ...proxy(MOCKED), spec: { target: proxy(MOCKED).spec.target } }, 'spec.source'],
  ['no target', { ...proxy(MOCKED), spec: { source: { path: '/' } } }, 'spec.target'],
  ['no spec', { ...proxy(MOCKED), spec: undefined }, 'spec'],
  ['a source path without a slash', proxy(MOCKED, {}, { path: 'a' }), 'spec.source.path'],
  ['a source path with a query', proxy(MOCKED, {}, { path: '/a?b' }), 'spec.source.path'],
  ['a source path with a space', proxy(MOCKED, {}, { path: '/a b' }), 'spec.source.path'],
  ['a dot segment', proxy(MOCKED, {}, { path: '/a/../b' }), 'segment'],
  ['a dot segment in disguise', proxy(MOCKED, {}, { path: '/a%2F%2e' }), 'segment'],
  ['a dot segment behind a backslash', proxy(MOCKED, {}, { path: '/a\\..' }), 'segment'],
  ['a dot segment in the target', proxy(MOCKED, { path: './b' }), 'segment'],
  ['a host with a port', proxy(MOCKED, {}, { path: '/', virtualHost: 'a:80' }), 'spec.source.virtualHost'],
  ['a wildcard host', proxy(MOCKED, {}, { path: '/', virtualHost: '*.a' }), 'spec.source.virtualHost'],
  ['user information', proxy({ endpoint: 'http://me:secret@a' }), 'spec.target.backend.endpoint'],
  ['another scheme', proxy({ endpoint: 'ftp://a' }), 'spec.target.backend.endpoint'],
  ['an endpoint with a path', proxy({ endpoint: 'http://a/b' }), 'spec.target.backend.endpoint'],
  [
    'a port out of range',
    proxy({ service: { name: 'a', port: 65_536 } }),
    'spec.target.backend.service.port',
  ],
  [
    'a Service without port',
    proxy({ service: { name: 'a' } } as Backend),
    'spec.target.backend.service.port',
  ],
  [
    'a Service by name and labels',
    proxy({ service: { name: 'a', labels: [{ name: 'b', value: 'c' }], port: 1 } }),
    'exactly one of name, labels',
  ],
  ['a Service by neither', proxy({ service: { port: 1 } }), 'exactly one of name, labels'],
  ['a Service by no labels', proxy({ service: { labels: [], port: 1 } }), 'labels'],
  [
    'a label with value and header',
    proxy({ service: { labels: [{ name: 'a', value: 'b', header: 'c' }], port: 1 } }),
    'exactly one of value, header',
  ],
  [
    'a label with neither',
    proxy({ service: { labels: [{ name: 'a' }], port: 1 } }),
    'exactly one of value, header',
  ],
  [
    'a header that is no token',
    proxy({ service: { labels: [{ name: 'a', header: 'b c' }], port: 1 } }),
    'header',
  ],
  ['a MockTarget without name', proxy({ mock: {} } as Backend), 'mockTargetName'],
  ['ssl without a name', proxy(MOCKED, { ssl: {} }), 'secretName'],
  [
    'a plugin that climbs',
    { ...proxy(MOCKED), spec: { ...proxy(MOCKED).spec, plugins: [{ name: '../a' }] } },
    'plugins',
  ],
  [
    'a plugin without name',
    { ...proxy(MOCKED), spec: { ...proxy(MOCKED).spec, plugins: [{ version: '1' }] } },
    'plugins',
  ],
  ['a mock without routes', { ...mock({}), spec: {} }, 'routes'],
  ['a mock without status', mock({ path: '/' }), 'status'],
  ['a status out of range', mock({ path: '/', status: 102 }), 'status'],
  ['a method that is no token', mock({ path: '/', status: 200, methods: ['A B'] }), 'methods'],
  ['a body without room', mock({ path: '/', status: 204, body: 'x' }), 'no body'],
  [
    'a field of the gateway',
    mock({ path: '/', status: 200, headers: { 'Transfer-Encoding': 'chunked' } }),
    'field that the gateway sets',
  ],
  ['a clear key', key({ data: 'not base64!', status: 'Active' }), 'data'],
  ['a revision without status', key({ data: 'YWJj' }), 'status'],
  ['an odd status', key({ data: 'YWJj', status: 'active' }), 'status'],
  ['a key twice', binding({ name: 'one' }, { name: 'one' }), 'Duplicate'],
  ['a key without name', binding({ quota: 1 }), 'name'],
  ['an odd unit', binding({ name: 'one', rate: { amount: 1, unit: 'day' } }), 'unit'],
  ['a negative quota', binding({ name: 'one', quota: -1 }), 'quota'],
  ['a rate without amount', binding({ name: 'one', rate: { unit: 'hour' } }), 'amount'],
  ['a subpath without path', binding({ name: 'one', subpaths: [{}] }), 'path'],
]
