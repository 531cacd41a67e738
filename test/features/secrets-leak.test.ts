// Known secrets go in everywhere; then every signal and page is searched for them. Nothing that a client or an owner
// keeps secret may come out anywhere but at the upstream that is meant to get it. And hostile text stays text.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KeyPair, keyPair } from '../support/api-keys.ts'
import { createAuthority } from '../support/certificates.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest, type RawResponse } from '../support/http-client.ts'
import { kanali } from '../support/kanali-command.ts'
import { apiKey, apiKeyBinding, apiProxy, mockTarget, secret } from '../support/manifests.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { startUpstream, type Upstream } from '../support/upstream.ts'
import { waitUntil } from '../support/wait-until.ts'
import { answerBytes, answers } from '../support/upstream-scripts.ts'
import { textOf } from '../support/journal.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const authority = createAuthority()
const client = authority.client()
/** A piece of the key's own text: long enough to be nobody else's. */
const KEY_TEXT = client.key.split('\n')[1]?.slice(0, 40) ?? ''

const SECRETS = {
  privateKey: KEY_TEXT,
  privateKeyBase64: Buffer.from(client.key).toString('base64').slice(40, 90),
  secretData: 'sd-4f1c0ffee',
  lastApplied: 'la-5ecre7',
  pluginConfig: 'pc-5ecre7',
  authorization: 'az-5ecre7',
  cookie: 'ck-5ecre7',
  apiKey: 'ak-5ecre7',
  knownApiKey: 'kk5ecre7OfAKnownKey',
  storePassword: 'sp-5ecre7',
  tokenHeader: 'th-5ecre7',
  namedHeader: 'nh-5ecre7',
  queryValue: 'qv-5ecre7',
  refererQuery: 'rq-5ecre7',
  requestBody: 'rb-5ecre7',
  responseBody: 'ob-5ecre7',
  responseCookie: 'oc-5ecre7',
}

const REQUEST_HEADERS = {
  authorization: `Bearer ${SECRETS.authorization}`,
  cookie: `session=${SECRETS.cookie}`,
  apikey: SECRETS.apiKey,
  'x-csrf-token': SECRETS.tokenHeader,
  'x-customer': SECRETS.namedHeader,
  referer: `https://shop.example/?code=${SECRETS.refererQuery}`,
}
const QUERY = `?token=${SECRETS.queryValue}`

let keys: KeyPair
let sink: OtlpSink
let upstream: Upstream
let plugins: TempFolder
let journal: TempFolder
let gateway: GatewayProcess
const responses: RawResponse[] = []
let words: string | undefined

beforeAll(async () => {
  keys = await keyPair()
  sink = await startOtlpSink()
  upstream = await startUpstream(
    answers(
      answerBytes({ headers: [['set-cookie', `id=${SECRETS.responseCookie}`]], body: SECRETS.responseBody }),
    ),
  )
  plugins = await tempFolder('leak')
  journal = await tempFolder('leak-journal')
  await plugins.write(
    'throws.mjs',
    'export const Plugin = { onRequest() { throw new Error("no secret here") }, onResponse() {} }',
  )
  gateway = await startGatewayProcess({
    manifests: {
      'all.yaml': [
        apiProxy('good').at('/good').toEndpoint(upstream.url).build(),
        apiProxy('dead').at('/dead').toEndpoint('http://127.0.0.1:9').build(),
        apiProxy('plugin')
          .at('/plugin')
          .mock('ok')
          .plugin('throws', { password: SECRETS.pluginConfig })
          .build(),
        apiProxy('mismatch').at('/mismatch').toEndpoint('https://127.0.0.1:9').ssl('pair').build(),
        mockTarget('ok').route('/', 200, 'ok').build(),
        secret('pair').enabled().cert(authority.server().certificate).key(client.key).build(),
        secret('other')
          .stringData('password', SECRETS.secretData)
          .annotated({ 'kubectl.kubernetes.io/last-applied-configuration': SECRETS.lastApplied })
          .build(),
        apiKey('key').revision('Zm9v').build(),
        keys.apiKey('known', SECRETS.knownApiKey).build(),
        apiKeyBinding('all')
          .key('known', { defaultRule: { global: true }, quota: 1 })
          .build(),
        apiProxy('keyed').at('/keyed').mock('ok').plugin('apikey', { bindingName: 'all' }).build(),
        apiProxy('tokened')
          .at('/tokened')
          .mock('ok')
          .plugin('jwt', { issuer: 'x', audience: 'y', jwksURI: 'http://127.0.0.1:9/keys' })
          .build(),
      ],
      'broken.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: half}\nstringData: {a: ${SECRETS.secretData}, [\n`,
    },
    flags: {
      'plugins.location': plugins.path,
      'events.journal_dir': journal.path,
      'proxy.mask_header_keys': 'x-customer',
      'proxy.proxy_status': true,
      'plugins.apiKey.decryption_key_file': keys.file,
      'limits.redis_url': `redis://user:${SECRETS.storePassword}@127.0.0.1:9`,
      'process.log_level': 'debug',
    },
    otlpUrl: sink.httpUrl,
  })
  for (const path of ['/good', '/dead', '/plugin', '/mismatch', '/nowhere', '/good/../bad']) {
    const options = { headers: REQUEST_HEADERS, body: SECRETS.requestBody }
    responses.push(await httpRequest(gateway.port, 'POST', `${path}${QUERY}`, options))
  }
  for (const path of ['/keyed', '/keyed', '/tokened']) {
    const headers = { ...REQUEST_HEADERS, apikey: SECRETS.knownApiKey }
    responses.push(await httpRequest(gateway.port, 'GET', path, { headers }))
  }
  await gateway.accessLines(() => true, responses.length)
  for (const response of responses) await sink.trace(response.header('x-kanali-correlation-id') ?? '')
})

afterAll(async () => {
  await gateway.stop()
  await upstream.stop()
  await plugins.remove()
  await journal.remove()
  await sink.stop()
  await keys[Symbol.asyncDispose]()
})

const page = async (port: number, path: string, accept = '*/*'): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept } })).text()

/** Each request as the flight recorder has it, and one of them as a person reads it. */
async function explained(): Promise<Record<string, string>> {
  const ids = responses.map((response) => response.header('x-kanali-correlation-id') ?? '')
  const pages = await Promise.all(ids.map((id) => page(gateway.profilingPort, `/debug/exchanges/${id}`)))
  const url = `http://127.0.0.1:${gateway.profilingPort}`
  const decided = await fetch(`${url}/debug/explain`, {
    method: 'POST',
    body: JSON.stringify({ request: `GET /plugin${QUERY}`, headers: Object.entries(REQUEST_HEADERS) }),
  })
  words ??= (await kanali('explain', ids[1] ?? '', '--gateway', url)).stdout
  return { 'exchanges by trace': pages.join('\n'), 'dry run': await decided.text(), 'kanali explain': words }
}

/** Plugin configuration is in the journal: a decision cannot be replayed without it. All else that is secret is not. */
async function journalText(): Promise<string> {
  const text = await waitUntil(async () => {
    const written = await textOf(journal.path)
    return written.includes('"kind":"EndpointSlice","resources"') && written
  }, 'the journal is written')
  return text.replaceAll(SECRETS.pluginConfig, '')
}

/** Everything that comes out, by what it is. */
async function dumps(): Promise<Record<string, string>> {
  const bigint = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)
  return {
    spans: JSON.stringify(sink.received, bigint),
    'access log': gateway.process.stdout,
    log: gateway.process.stderr,
    metrics: await page(gateway.prometheusPort, '/metrics'),
    'metrics as OpenMetrics': await page(gateway.prometheusPort, '/metrics', 'application/openmetrics-text'),
    readiness: await page(gateway.prometheusPort, '/readyz'),
    snapshot: await page(gateway.profilingPort, '/debug/snapshot'),
    events: await page(gateway.profilingPort, '/debug/events'),
    exchanges: await page(gateway.profilingPort, '/debug/exchanges'),
    ...(await explained()),
    journal: await journalText(),
    errors: responses
      .slice(1)
      .map(({ head, text }) => head + text)
      .join('\n'),
  }
}

describe('a secret', () => {
  test.each(Object.entries(SECRETS))('%s comes out nowhere', async (_name, value) => {
    expect(value.length).toBeGreaterThan(8)
    const found = Object.entries(await dumps()).filter(([, text]) => text.includes(value))
    expect(found.map(([where]) => where)).toEqual([])
  })

  test('reaches the upstream, but for the api key, which is the gateway’s own', async () => {
    const seen = (await upstream.request(0)).head
    for (const each of ['authorization', 'cookie', 'tokenHeader', 'namedHeader', 'queryValue'] as const) {
      expect(seen).toContain(SECRETS[each])
    }
    expect(seen).not.toContain(SECRETS.apiKey)
    expect(responses[0]?.text).toBe(SECRETS.responseBody)
  })

  test('was looked for where something was: every dump has something in it', async () => {
    for (const [where, text] of Object.entries(await dumps()))
      expect([where, text.length > 20]).toEqual([where, true])
    expect((await dumps())['spans']).toContain('omitted')
  })
})

describe('hostile text', () => {
  test('from a request is escaped on every signal', async () => {
    await using connection = await connectHttp(gateway.port)
    // Bytes above 127 are allowed in a path and in a field: C1 controls are how they move a terminal's cursor.
    await connection.send(
      'GET /x%0a\x9b31m<script>"quoted" HTTP/1.1\r\nHost: a\r\nUser-Agent: \x9b31mred\r\n\r\n',
    )
    await connection.response()
    const all = await dumps()
    for (const where of [
      'access log',
      'log',
      'metrics',
      'snapshot',
      'events',
      'exchanges',
      'exchanges by trace',
    ]) {
      expect([where, hidden(all[where] ?? '')]).toEqual([where, undefined])
    }
    for (const line of (all['access log'] ?? '').split('\n').filter((each) => each !== '')) JSON.parse(line)
  })

  test('from an object is escaped on log and pages', async () => {
    await gateway.write('hostile.yaml', {
      apiVersion: 'kanali.io/v2',
      kind: 'ApiProxy',
      metadata: { name: 'bad\u001b[31m\nname', namespace: 'default' },
      spec: { source: { path: '/\u001b[2J' }, target: { backend: { endpoint: 'x\u202e' } } },
    })
    await gateway.logLine(
      ({ level, msg }) => level === 'warn' && /hostile\.yaml|metadata\.name/.test(String(msg)),
    )
    const all = await dumps()
    for (const where of ['log', 'snapshot', 'events', 'metrics', 'exchanges']) {
      expect([where, hidden(all[where] ?? '')]).toEqual([where, undefined])
    }
  })
})

/** The first character that a terminal would act upon; line ends are the pages' own. */
function hidden(text: string): string | undefined {
  return /[\p{Cc}\p{Cf}\u2028\u2029]/u.exec(text.replaceAll('\n', ''))?.[0]
}
