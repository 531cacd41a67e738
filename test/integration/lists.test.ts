// First lists of a real API server, streamed and in pages, and what is kept of the Secrets in them.

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CRDS } from '../../src/resources/crds/crds.ts'
import { type ApiServer, startApiServer, waitForCrds } from '../support/api-server.ts'
import { shop, startClusterGateway, untilAnswered } from '../support/cluster-gateway.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import type { GatewayProcess } from '../support/gateway-process.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

/** More than two pages. */
const COUNT = 1_100

describeWithTools(['kube-apiserver', 'etcd'], 'first lists of a real API server', (apiserver, etcd) => {
  let server: ApiServer | undefined
  let gateway: GatewayProcess | undefined
  let folder: TempFolder

  beforeEach(async () => {
    folder = await tempFolder('lists')
  })
  afterEach(async () => {
    await gateway?.stop()
    await server?.stop()
    gateway = undefined
    server = undefined
    await folder.remove()
  })

  async function start(flags: readonly string[]): Promise<ApiServer> {
    const started = await startApiServer(apiserver ?? '', etcd ?? '', flags)
    server = started
    await started.createNamespace('shop')
    for (const definition of CRDS) await started.apply(definition)
    await waitForCrds(started)
    await started.apply(shop.mockTarget('canned', 'canned'))
    return started
  }

  /** Lists by their verb and resource, by the server's own count. */
  async function requests(of: ApiServer, verb: string): Promise<number> {
    const { body } = await of.request('GET', '/metrics')
    return String(body['text'])
      .split('\n')
      .filter((line) => line.startsWith('apiserver_request_total{') && line.includes('resource="apiproxies"'))
      .filter((line) => line.includes(`verb="${verb}"`) && line.includes('code="200"'))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
  }

  test.each([
    ['streamed', [], 0],
    ['in pages', ['--feature-gates=WatchList=false'], 3],
  ] as const)(
    'are %s by what the server can do, and then watched',
    async (_, flags, lists) => {
      const started = await start(flags)
      const names = Array.from({ length: COUNT }, (__, index) => `many-${index}`)
      const next = names.values()
      const write = async () => {
        for (const name of next) await started.apply(shop.apiProxy(name, shop.mocked('canned')))
      }
      await Promise.all(Array.from({ length: 16 }, write))
      const before = await requests(started, 'LIST')
      gateway = await startClusterGateway(started, { flags: { 'kubernetes.write_status': 'false' } })
      const ready = await gateway.readiness()
      expect(ready.status).toBe(200)
      for (const name of [names[0], names.at(-1), names[500]])
        await untilAnswered(gateway, `/${name}`, { status: 200 })
      expect((await requests(started, 'LIST')) - before).toBe(lists)
      await started.delete('ApiProxy', 'shop', 'many-500')
      await untilAnswered(gateway, '/many-500', { status: 404 })
      expect((await requests(started, 'LIST')) - before).toBe(lists)
    },
    120_000,
  )

  test('leave nothing in memory of a Secret that is not released', async () => {
    const started = await start([])
    await started.apply(
      shop.secret('private', { password: 'known-private-value', 'tls.crt': 'known-private-pem' }),
    )
    gateway = await startClusterGateway(started, {
      env: { NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${folder.path}` },
    })
    // One that comes by the watch, and something behind it, so that it was seen.
    await started.apply(shop.secret('late', { password: 'known-private-value' }))
    await started.apply(shop.secret('marker', { 'tls.ca': 'x' }, { 'kanali.io/enabled': 'true' }))
    const target = { ssl: { secretName: 'marker' } }
    await started.apply(shop.apiProxy('memory-marker', { endpoint: 'https://127.0.0.1:1' }, { target }))
    await untilAnswered(gateway, '/memory-marker', { status: 502 })
    gateway.process.kill('SIGUSR2')
    const text = await waitUntil(
      async () => {
        const file = (await readdir(folder.path)).find((name) => name.endsWith('.heapsnapshot'))
        const written = file === undefined ? '' : await readFile(path.join(folder.path, file), 'utf8')
        return written.trimEnd().endsWith(']}') && written
      },
      'the heap snapshot',
      { timeoutMs: 60_000, everyMs: 500 },
    )
    expect(text.includes('memory-marker')).toBe(true)
    for (const secret of ['known-private-value', 'known-private-pem']) {
      expect(text.includes(secret)).toBe(false)
      expect(text.includes(Buffer.from(secret).toString('base64'))).toBe(false)
    }
  }, 120_000)
})
