// The rest of the original's cases with objects of a real API server: paths at the root, what reaches the upstream and
// the client, plugins and their codes, and every code that a Secret can lead to.

import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApiServer, type ApiServer } from '../support/api-server.ts'
import { createAuthority } from '../support/certificates.ts'
import { shop, startClusterGateway, untilAnswered } from '../support/cluster-gateway.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

/** What each plugin file holds. */
const PLUGINS: Readonly<Record<string, string>> = {
  'mark.mjs': `export const Plugin = {
    onRequest({ config }, request) { request.setHeader('x-marks', (request.header('x-marks') ?? '') + config.mark) },
    onResponse({ config }, request, response) { response.setHeader('x-marked-' + config.mark, 'yes') } }`,
  'mark_1.0.0.mjs': `export class Plugin {
    onRequest() { return { status: 418, headers: { 'x-by': 'version 1.0.0' }, body: 'a teapot' } }
    onResponse() {} }`,
  'syntax.mjs': 'export const Plugin = {',
  'nothing.mjs': 'export const other = {}',
  'half.mjs': 'export const Plugin = { onRequest() {} }',
  'throws.mjs': 'export const Plugin = { onRequest() { throw new Error("boom") }, onResponse() {} }',
}

describeWithTools(
  ['kube-apiserver', 'etcd'],
  "the original's cases and a real API server",
  (apiserver, etcd) => {
    let server: ApiServer
    let gateway: GatewayProcess
    let folder: TempFolder
    let upstream: Server
    let endpoint = ''
    let last: IncomingMessage | undefined

    beforeAll(async () => {
      folder = await tempFolder('plugins')
      await mkdir(folder.path, { recursive: true })
      for (const [name, text] of Object.entries(PLUGINS)) await writeFile(path.join(folder.path, name), text)
      upstream = createServer((request, response) => {
        last = request
        response.end(`reached ${request.url}`)
      })
      await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
      endpoint = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
      server = await startApiServer(apiserver ?? '', etcd ?? '')
      await server.createNamespace('shop')
      gateway = await startClusterGateway(server, { flags: { 'plugins.location': folder.path } })
    })
    afterAll(async () => {
      await gateway?.stop()
      upstream?.closeAllConnections()
      upstream?.close()
      await server?.stop()
      await folder?.remove()
    })

    test.each([
      ['/', '/car', '/', '/car'],
      ['/', '/', '/', '/'],
      ['/', '', '/', '/'],
      ['/foo/bar', '/foo', '/foo/bar', '/foo'],
    ])('source %s, target %s: %s reaches the upstream as %s', async (source, target, asked, reached) => {
      const host = `root-${target.replaceAll('/', '') || (target === '' ? 'empty' : 'slash')}.example`
      const name = `${host}${source.replaceAll('/', '-')}`.replaceAll('.', '-').replace(/-+$/, '')
      await server.apply(shop.apiProxy(name, { endpoint }, { path: source, host, target: { path: target } }))
      await untilAnswered(gateway, asked, { status: 200, text: `reached ${reached}`, host })
    })

    test('what no ApiProxy matches is code 00, to the letter, with a correlation id', async () => {
      const answer = await httpRequest(gateway.port, 'GET', '/nobody')
      expect(answer.text).toBe(
        '{"status":404,"message":"No ApiProxy resource was not found that matches the request.","code":0,"details":"Visit https://kanali.io/docs/v2/errorcodes/#00 for more details."}',
      )
      expect(answer.header('content-type')).toBe('application/json')
      expect(answer.header('x-kanali-correlation-id')).toMatch(/^[0-9a-f]{32}$/)
    })

    test('hop-by-hop fields stay behind, and the upstream learns who asked', async () => {
      await server.apply(shop.apiProxy('fields', { endpoint }))
      await untilAnswered(gateway, '/fields', { status: 200, text: 'reached /' })
      await httpRequest(gateway.port, 'GET', '/fields?a=1&b=%20', {
        headers: [
          ['connection', 'x-mine'],
          ['x-mine', 'secret'],
          ['keep-alive', 'timeout=5'],
          ['x-kept', 'yes'],
        ],
      })
      expect(last?.url).toBe('/?a=1&b=%20')
      expect(last?.headers).toMatchObject({ 'x-kept': 'yes', 'x-forwarded-for': '127.0.0.1' })
      expect(last?.headers['traceparent']).toMatch(/^00-/)
      expect(last?.headers).not.toHaveProperty('x-mine')
      expect(last?.headers).not.toHaveProperty('keep-alive')
    })

    const withPlugins = (name: string, ...plugins: object[]) => {
      const proxy = shop.apiProxy(name, { endpoint })
      return server.apply({ ...proxy, spec: { ...proxy.spec, plugins } })
    }

    test('plugins see the request in their order and the answer, with their configuration', async () => {
      await withPlugins(
        'ordered',
        { name: 'mark', config: { mark: 'a' } },
        { name: 'mark', config: { mark: 'b' } },
      )
      await untilAnswered(gateway, '/ordered', { status: 200, text: 'reached' })
      const answer = await httpRequest(gateway.port, 'GET', '/ordered')
      expect(last?.headers['x-marks']).toBe('ab')
      expect([answer.header('x-marked-a'), answer.header('x-marked-b')]).toEqual(['yes', 'yes'])
    })

    test('a plugin of a version is its own, and may end the request', async () => {
      await withPlugins('versioned', { name: 'mark', version: '1.0.0' })
      await untilAnswered(gateway, '/versioned', { status: 418, text: 'a teapot' })
    })

    test.each([
      [3, 'absent', {}],
      [3, 'syntax', {}],
      [3, 'mark', { version: '9.9.9' }],
      [4, 'nothing', {}],
      [5, 'half', {}],
      [11, 'throws', {}],
    ])('code %i: plugin %s %j', async (code, name, more) => {
      const proxy = `plugin-${name}-${code}${'version' in more ? '-versioned' : ''}`
      await withPlugins(proxy, { name, ...more })
      await untilAnswered(gateway, `/${proxy}`, { status: 500, text: `"code":${code},` })
    })

    test.each([
      ['06', 'missing', undefined],
      ['06', 'empty', {}],
      ['07', 'rubbish', { 'tls.crt': 'x', 'tls.key': 'y' }],
      [
        '07',
        'foreign',
        { 'tls.crt': createAuthority().server().certificate, 'tls.key': createAuthority().server().key },
      ],
      ['08', 'odd-ca', { 'tls.ca': 'no certificate' }],
    ] as const)('code %s: a Secret that is %s', async (code, name, data) => {
      if (data !== undefined) await server.apply(shop.secret(name, data, { 'kanali.io/enabled': 'true' }))
      const target = { ssl: { secretName: name } }
      await server.apply(shop.apiProxy(`secret-${name}`, { endpoint: 'https://127.0.0.1:1' }, { target }))
      await untilAnswered(gateway, `/secret-${name}`, {
        status: code === '08' ? 502 : 500,
        text: `"code":${Number(code)},`,
      })
    })

    test('a key of a Secret is found under the name that an annotation gives', async () => {
      const { certificate } = createAuthority()
      const annotations = { 'kanali.io/enabled': 'true', 'kanali.io/ca': 'my-ca' }
      await server.apply(shop.secret('renamed', { 'my-ca': certificate }, annotations))
      const target = { ssl: { secretName: 'renamed' } }
      // A closed port: the Secret was fit for use, and the upstream is what fails.
      await server.apply(shop.apiProxy('renamed', { endpoint: 'https://127.0.0.1:1' }, { target }))
      await untilAnswered(gateway, '/renamed', { status: 502, text: '"code":8,' })
    })

    test('a mock that is switched off is code 02, and so is one in another namespace', async () => {
      await server.createNamespace('other')
      const target = shop.mockTarget('theirs', 'theirs')
      await server.apply({ ...target, metadata: { name: 'theirs', namespace: 'other' } })
      await server.apply(shop.apiProxy('abroad', shop.mocked('theirs')))
      await untilAnswered(gateway, '/abroad', { status: 404, text: '"code":2,' })
      await server.apply(shop.mockTarget('off', 'off'))
      await server.apply(shop.apiProxy('off', shop.mocked('off')))
      const without = await startClusterGateway(server, { flags: { 'proxy.enable_mock_responses': 'false' } })
      try {
        await untilAnswered(without, '/off', { status: 404, text: '"code":2,' })
      } finally {
        await without.stop()
      }
    })
  },
)
