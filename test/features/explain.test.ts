// `kanali explain` against a real gateway: for every kind of outcome a request through a socket, and then from nothing but
// its trace id the words and the JSON, compared with the golden files beside this test's folder (test/explain/golden).
// KANALI_GOLDEN_WRITE=1 writes them anew: read the difference before it is committed.

import { explanationOf } from '../../src/explain/explanation.ts'
import type { ExchangeReport } from '../../src/explain/exchange-report.ts'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest } from '../support/http-client.ts'
import { kanali } from '../support/kanali-command.ts'
import { apiProxy, mockTarget, secret, service } from '../support/manifests.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { answerBytes, cutsAfter, neverAnswers, answers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const GOLDEN = path.join(import.meta.dirname, '../explain/golden')
const WRITES = process.env['KANALI_GOLDEN_WRITE'] === '1'

let plugins: TempFolder
let good: Upstream
let broken: Upstream
let cutting: Upstream
let silent: Upstream
let gateway: GatewayProcess

beforeAll(async () => {
  good = await startUpstream(answers(answerBytes({ body: 'hello' })))
  broken = await startUpstream(answers(answerBytes({ status: 503, body: 'busy' })))
  const whole = answerBytes({ body: 'x'.repeat(100) })
  cutting = await startUpstream(cutsAfter(whole.length - 50, 'fin', whole))
  silent = await startUpstream(neverAnswers())
  plugins = await tempFolder('explain')
  await plugins.write(
    'guard.mjs',
    `export class Plugin {
      static publicConfig = ['realm']
      onRequest(context, request) { return request.header('x-pass') === 'answer' ? { status: 418 } : undefined }
      onResponse() {}
    }`,
  )
  await plugins.write(
    'throws.mjs',
    'export const Plugin = { onRequest() { throw new Error("boom") }, onResponse() {} }',
  )
  gateway = await startGatewayProcess({
    manifests: { 'all.yaml': manifests() },
    flags: { 'plugins.location': plugins.path, 'tracing.query_allow_list': 'page' },
  })
})

function manifests() {
  const proxy = (name: string) => apiProxy(name).inNamespace('shop').resourceVersion('7001')
  return [
    proxy('root').at('/shop').host('other.example').mock('greeting').build(),
    proxy('cart').at('/shop/cart').toEndpoint(good.url).build(),
    proxy('cart-vip').at('/shop/cart').host('vip.example').toEndpoint(good.url).build(),
    proxy('mock')
      .at('/mock')
      .mock('greeting')
      .plugin('guard', { realm: 'shop', password: 'pw-5ecret' })
      .build(),
    proxy('mock-missing').at('/mock-missing').mock('nobody').build(),
    proxy('tls').at('/tls').toEndpoint('https://127.0.0.1:9').ssl('missing-secret').build(),
    proxy('tls-hidden').at('/tls-hidden').toEndpoint('https://127.0.0.1:9').ssl('not-released').build(),
    proxy('dead').at('/dead').toEndpoint('http://127.0.0.1:9').build(),
    proxy('port').at('/port').service('backend', 81).build(),
    proxy('throws').at('/throws').mock('greeting').plugin('guard').plugin('throws').plugin('guard').build(),
    proxy('busy').at('/busy').toEndpoint(broken.url).build(),
    proxy('cut').at('/cut').toEndpoint(cutting.url).build(),
    proxy('silent').at('/silent').toEndpoint(silent.url).build(),
    proxy('invalid').at('/invalid').toEndpoint('ftp://example.com').build(),
    mockTarget('greeting').inNamespace('shop').route('/', 200, 'hi').resourceVersion('7002').build(),
    service('backend').inNamespace('shop').port(80).resourceVersion('7003').build(),
    secret('not-released').inNamespace('shop').stringData('tls.ca', 'x').resourceVersion('7004').build(),
  ]
}

afterAll(async () => {
  await gateway.stop()
  await plugins.remove()
  for (const upstream of [good, broken, cutting, silent]) await upstream.stop()
})

/** Sends a request, and gives the trace id of its answer. */
async function send(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<string> {
  const response = await httpRequest(gateway.port, method, target, {
    headers: { host: 'shop.example', ...headers },
  })
  const traceId = response.header('x-kanali-correlation-id') ?? ''
  await gateway.accessLines((line) => line['trace_id'] === traceId)
  return traceId
}

/** Closes the connection while the upstream is awaited. */
async function leave(): Promise<string> {
  const connection = await connectHttp(gateway.port)
  await connection.send('GET /silent HTTP/1.1\r\nHost: shop.example\r\n\r\n')
  await silent.request(0)
  await connection.close()
  const [line] = await gateway.accessLines((each) => each['outcome'] === 'client_closed')
  return String(line?.['trace_id'])
}

const OUTCOMES: Readonly<Record<string, () => Promise<string>>> = {
  'ok-forwarded': () => send('/shop/cart/7?page=2&token=s3cret'),
  'ok-mock': () => send('/mock'),
  'ok-answered-by-plugin': () => send('/mock', { 'x-pass': 'answer' }),
  'ok-upstream-503': () => send('/busy'),
  '00-no-path': () => send('/shopping/cart'),
  '00-no-host': () => send('/shop/x'),
  '00-invalid': () => send('/invalid'),
  '02-mock-missing': () => send('/mock-missing'),
  '06-secret-missing': () => send('/tls'),
  '06-secret-not-released': () => send('/tls-hidden'),
  '08-refused': () => send("/dead/it's here?a=b".replace(' ', '%20'), { authorization: 'Bearer s3cret' }),
  '08-cut': () => send('/cut'),
  '10-port-missing': () => send('/port'),
  '11-plugin-threw': () => send('/throws'),
  rejected: () => send('/shop/../etc'),
  'client-closed': leave,
}

describe.each(Object.entries(OUTCOMES))('%s', (name, cause) => {
  test('is explained in words and in JSON', async () => {
    const traceId = await cause()
    const asked = [traceId, '--gateway', `http://127.0.0.1:${gateway.profilingPort}`]
    const words = await kanali('explain', ...asked)
    expect(words).toMatchObject({ status: 0, stderr: '' })
    const page = await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/exchanges/${traceId}`)
    const { exchanges } = (await page.json()) as { exchanges: Record<string, ExchangeReport> }
    const [report] = Object.values(exchanges)
    const explanation = report === undefined ? {} : explanationOf(report)
    for (const text of [words.stdout, JSON.stringify(exchanges)]) {
      expect(text).not.toContain('s3cret')
      expect(text).not.toContain('5ecret')
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }
    expect(explanation).toHaveProperty('trace_id', traceId)
    compare(`${name}.txt`, steady(words.stdout, traceId))
    // As YAML, which is read more easily than JSON in a difference.
    compare(
      `${name}.yaml`,
      stringify(JSON.parse(steady(JSON.stringify(explanation), traceId)), { lineWidth: 0 }),
    )
  })
})

function compare(file: string, text: string): void {
  const golden = path.join(GOLDEN, file)
  if (WRITES) {
    mkdirSync(GOLDEN, { recursive: true })
    writeFileSync(golden, text)
  }
  expect(text).toBe(readFileSync(golden, 'utf8'))
}

/** Without what differs from run to run: ids, times, ports, the hash. */
function steady(text: string, traceId: string): string {
  const ports = [good, broken, cutting, silent].map((upstream) => new URL(upstream.url).port)
  return (
    ports
      .reduce((all, port) => all.replaceAll(`:${port}`, ':<port>'), text)
      .replaceAll(traceId, '<trace id>')
      // The code of a transport's error: the same words come with one of undici's where that is tested.
      .replaceAll('(UND_ERR_SOCKET)', '(KANALI_CLOSED)')
      .replaceAll(/server span [0-9a-f]{16}/g, 'server span <span id>')
      .replaceAll(/hash(":"| )[0-9a-f]{16}/g, 'hash$1<hash>')
      .replaceAll(/"revision":\d+/g, '"revision":"<n>"')
      .replaceAll(/revision \d+/g, 'revision <n>')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
      .replaceAll(/ *\+\d+\.\d{3}/g, ' +<ms>')
      .replaceAll(/ *\d+\.\d{3} ms/g, ' <ms>')
      .replaceAll(/, [\d.]+ ms$/gm, ', <ms>')
      .replaceAll(/_ms":[\d.]+/g, '_ms":"<ms>"')
  )
}

describe('the page of a trace', () => {
  test('shows what each plugin decided, and of its configuration what it declares public', async () => {
    const traceId = await send('/mock')
    const page = await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/exchanges/${traceId}`)
    const { exchanges } = (await page.json()) as { exchanges: Record<string, ExchangeReport> }
    expect(Object.values(exchanges)[0]?.plugins).toEqual([
      {
        name: 'guard',
        version: null,
        config: { realm: 'shop', password: '<redacted>' },
        decision: 'passed',
        method: null,
      },
    ])
  })
})

describe('a trace with several requests', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c'
  const traceparent = `00-${TRACE}-b7ad6b7169203331-01`

  test('is told request by request, the oldest first', async () => {
    await send('/mock', { traceparent })
    await send('/dead', { traceparent })
    const asked = [traceparent, '--gateway', `http://127.0.0.1:${gateway.profilingPort}`]
    const words = await kanali('explain', ...asked)
    expect(words.stdout).toMatch(
      /^2 requests of this trace[^]*It was served: status 200[^]*-{20}[^]*connection_refused/,
    )
    const json = await kanali('explain', ...asked, '--output', 'json')
    const all = json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { outcome: string })
    expect(all.map(({ outcome }) => outcome)).toEqual(['ok', 'error'])
  })
})

describe('a change of the configuration', () => {
  test('after a failed request does not change its explanation; a dry run tells of now', async () => {
    await gateway.write(
      'late.yaml',
      apiProxy('late').inNamespace('shop').at('/late').service('nobody', 80).build(),
    )
    await waitUntil(
      async () => (await httpRequest(gateway.port, 'GET', '/late')).status === 500,
      'it is live',
    )
    const traceId = await send('/late')
    await gateway.write(
      'late.yaml',
      apiProxy('late').inNamespace('shop').at('/late').mock('greeting').build(),
    )
    await waitUntil(
      async () => (await httpRequest(gateway.port, 'GET', '/late')).status === 200,
      'it is mended',
    )
    const url = ['--gateway', `http://127.0.0.1:${gateway.profilingPort}`, '--output', 'json']
    const then = JSON.parse((await kanali('explain', traceId, ...url)).stdout) as Explained
    expect(then).toMatchObject({
      code: '10',
      cause: { kind: 'ApiProxy', namespace: 'shop', name: 'late', field: 'spec.target.backend.service.name' },
    })
    const now = JSON.parse((await kanali('explain', '--request', 'GET /late', ...url)).stdout) as Explained
    expect(now).toMatchObject({ outcome: 'ok', status: 200, trace_id: null })
    expect(now.revision).toBeGreaterThan(then.revision)
    expect(now.objects.map(({ role }) => role)).toEqual(['route', 'mock'])
  })
})

interface Explained {
  readonly revision: number
  readonly objects: readonly { readonly role: string }[]
}
