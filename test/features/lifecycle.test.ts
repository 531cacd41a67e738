// From the start of the process to its end: what ends a start, what a drain finishes, and what a fault does not.

import { createServer, type AddressInfo } from 'node:net'
import { once } from 'node:events'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rejectionOf } from '../../src/errors/rejections.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { connectHttp, httpRequest, requestBytes } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { runToEnd } from '../support/running-process.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { startUpstream } from '../support/upstream.ts'
import { answerBytes, neverAnswers } from '../support/upstream-scripts.ts'
import { waitUntil } from '../support/wait-until.ts'

const CLI = path.join(import.meta.dirname, '../../src/cli/kanali.ts')
/** None of these starts gets as far as a listener that could be in somebody's way. */
const LOCAL = {
  'server.insecure_bind_address': '127.0.0.1',
  'profiling.insecure_port': 0,
  'prometheus.insecure_port': 0,
}

let folder: TempFolder
let sink: OtlpSink
beforeAll(async () => {
  folder = await tempFolder('life')
  sink = await startOtlpSink()
})
afterAll(async () => {
  await sink.stop()
  await folder.remove()
})

/** Runs the program until it ends by itself. */
function kanali(args: readonly string[], env: Record<string, string | undefined> = {}) {
  return runToEnd(process.execPath, [CLI, ...args], { env: { OTEL_SDK_DISABLED: 'true', ...env } })
}

function start(flags: Record<string, string | number>, env: Record<string, string | undefined> = {}) {
  const all = { 'source.directory': folder.path, ...LOCAL, ...flags }
  return kanali(['start', ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)], env)
}

/** The line for a person; log lines are JSON. */
function said(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
}

describe('a start that cannot go on ends with status 2 and one line that names option, value, origin and rule', () => {
  test.each([
    [{ 'server.insecure_port': '99999' }, {}, ['server.insecure_port', '99999', 'flag', '65535']],
    [{ 'server.insecure_prot': '1' }, {}, ['server.insecure_prot', 'server.insecure_port']],
    [
      {},
      { KANALI_PROXY_UPSTREAM_TIMEOUT: 'soon' },
      ['proxy.upstream_timeout', 'soon', 'KANALI_PROXY_UPSTREAM_TIMEOUT'],
    ],
    [
      {},
      { KANALI_SERVER_INSECURE_PROT: '1' },
      ['KANALI_SERVER_INSECURE_PROT', 'KANALI_SERVER_INSECURE_PORT'],
    ],
  ])('%j %j', async (flags, env, words) => {
    const { exit, stderr, stdout } = await start(flags, env)
    expect(exit.code).toBe(2)
    expect(stdout).toBe('')
    const lines = said(stderr)
    expect(lines).toHaveLength(1)
    for (const word of words) expect(lines[0]).toContain(word)
  })

  test.each([
    ['yaml', 'server:\n  insecure_port: high\n'],
    ['json', '{"server":{"insecure_port":"high"}}'],
    ['toml', '[server]\ninsecure_port = "high"\n'],
  ])('also from a %s file', async (extension, text) => {
    const file = await folder.write(`config/bad.${extension}`, text)
    const { exit, stderr } = await kanali(['start', `--config=${file}`, `--source.directory=${folder.path}`])
    expect(exit.code).toBe(2)
    const [line = ''] = said(stderr)
    for (const word of ['server.insecure_port', 'high', `bad.${extension}`]) expect(line).toContain(word)
  })
})

describe('a start that meets the world as it is not ends with status 1 and one line', () => {
  test('a port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { exit, stderr } = await start({
      'server.insecure_port': port,
      'server.insecure_bind_address': '127.0.0.1',
    })
    taken.close()
    expect(exit.code).toBe(1)
    expect(said(stderr)).toEqual([
      expect.stringMatching(`server.insecure_port ${port}: address already in use`),
    ])
  })

  test('a folder that is not there', async () => {
    const { exit, stderr } = await start({ 'source.directory': '/nonexistent/manifests' })
    expect(exit.code).toBe(1)
    expect(said(stderr)).toEqual([expect.stringContaining('/nonexistent/manifests')])
  })

  test('a certificate that is not there', async () => {
    const { exit, stderr } = await start({
      'server.secure_port': 8443,
      'server.tls.cert_file': '/nonexistent/tls.crt',
      'server.tls.key_file': '/nonexistent/tls.key',
    })
    expect(exit.code).toBe(1)
    expect(said(stderr)).toEqual([expect.stringContaining('/nonexistent/tls.crt')])
  })

  test('a telemetry configuration that registers no tracer provider', async () => {
    const file = await folder.write('config/otel.yaml', 'file_format: "1.0"\n')
    const { exit, stderr } = await start({}, { OTEL_SDK_DISABLED: undefined, OTEL_CONFIG_FILE: file })
    expect(exit.code).toBe(1)
    expect(said(stderr)).toEqual([expect.stringContaining('no tracer provider')])
  })
})

describe('other commands', () => {
  test('kanali version says its version, that of Node, and ends', async () => {
    const { exit, stdout } = await kanali(['version'])
    expect(exit.code).toBe(0)
    expect(stdout).toMatch(/^\S*\s*\d+\.\d+\.\d+/)
  })

  test('kanali start --help lists every option with its default', async () => {
    const { exit, stdout } = await kanali(['start', '--help'])
    expect(exit.code).toBe(0)
    for (const word of ['--server.insecure_port', '8080', 'KANALI_', '--proxy.upstream_timeout']) {
      expect(stdout).toContain(word)
    }
  })

  test('an unknown command ends with status 2', async () => {
    const { exit, stderr } = await kanali(['strat'])
    expect(exit.code).toBe(2)
    expect(stderr).toContain('strat')
  })
})

describe('a drain', () => {
  const routes = (url: string) => ({ 'slow.yaml': apiProxy('slow').at('/slow').toEndpoint(url).build() })

  test('finishes what is under way, says so on every signal, and takes nothing new', async () => {
    const { promise: mayAnswer, resolve: answer } = Promise.withResolvers<void>()
    await using upstream = await startUpstream(async (connection) => {
      await connection.readRequest()
      await mayAnswer
      await connection.write(answerBytes({ body: 'late' }))
    })
    const gateway = await startGatewayProcess({ manifests: routes(upstream.url), otlpUrl: sink.httpUrl })
    await using client = await connectHttp(gateway.port)
    await client.send(requestBytes('GET', '/slow'))
    await upstream.request(0)

    gateway.process.kill('SIGTERM')
    await waitUntil(async () => {
      const ready = await gateway.readiness()
      return ready.status === 503 && ready.text.includes('drain')
    }, 'readiness is off')
    await waitUntil(
      async () =>
        connectHttp(gateway.port).then(
          (fresh) => fresh.close().then(() => false),
          () => true,
        ),
      'new connections are refused',
    )
    answer()
    const response = await client.response()
    expect(response).toMatchObject({ status: 200, text: 'late' })
    expect(response.header('connection')).toBe('close')

    expect(await gateway.process.exited).toEqual({ code: 0, signal: null })
    const traceId = response.header('x-kanali-correlation-id') ?? ''
    expect(gateway.accessLog.map((line) => line['trace_id'])).toContain(traceId)
    expect((await sink.trace(traceId, 2)).map(({ kind }) => kind).sort()).toEqual(['client', 'server'])
    await gateway.stop()
  })

  test('cuts off at its limit what does not finish', async () => {
    await using upstream = await startUpstream(neverAnswers())
    const gateway = await startGatewayProcess({
      manifests: routes(upstream.url),
      flags: { 'server.shutdown_timeout': '300ms' },
      otlpUrl: sink.httpUrl,
    })
    await using client = await connectHttp(gateway.port)
    await client.send(requestBytes('GET', '/slow'))
    await upstream.request(0)
    gateway.process.kill('SIGTERM')
    const response = await client.response()
    expect(response.status).toBe(rejectionOf('shutting_down').status)
    expect(response.header('connection')).toBe('close')
    await gateway.process.exited
    expect(gateway.log.map(({ msg }) => msg)).toContain('requests were cut off')
    const [line] = gateway.accessLog
    expect(line).toMatchObject({ path: '/slow', status: 503, outcome: 'rejected', reason: 'shutting_down' })
    const spans = await sink.trace(response.header('x-kanali-correlation-id') ?? '', 2)
    expect(spans.find(({ kind }) => kind === 'server')?.attributes).toMatchObject({
      'kanali.outcome': 'rejected',
      'kanali.rejected.reason': 'shutting_down',
    })
    await gateway.stop()
  })

  test('ends at once at a second signal', async () => {
    await using upstream = await startUpstream(neverAnswers())
    const gateway = await startGatewayProcess({ manifests: routes(upstream.url) })
    await using client = await connectHttp(gateway.port)
    await client.send(requestBytes('GET', '/slow'))
    await upstream.request(0)
    gateway.process.kill('SIGTERM')
    await gateway.logLine(({ msg }) => msg === 'Shutting down')
    gateway.process.kill('SIGTERM')
    expect(await gateway.process.exited).toEqual({ code: 1, signal: null })
    await gateway.stop()
  })
})

describe('an exception that nobody catches', () => {
  let gateway: GatewayProcess
  let plugins: TempFolder

  beforeAll(async () => {
    plugins = await tempFolder('faults')
    await plugins.write(
      'faulty.mjs',
      `export const Plugin = {
        onRequest() {
          setImmediate(() => { throw new Error('thrown behind the back') })
          Promise.reject(new Error('rejected behind the back'))
        },
        onResponse() {},
      }`,
    )
    gateway = await startGatewayProcess({
      manifests: {
        'mock.yaml': [
          mockTarget('ok').route('/', 200, 'ok').build(),
          apiProxy('faulty').at('/faulty').mock('ok').plugin('faulty').build(),
        ],
      },
      flags: { 'plugins.location': plugins.path },
    })
  })
  afterAll(async () => {
    await gateway.stop()
    await plugins.remove()
  })

  test('is logged with its stack and counted, and the process goes on', async () => {
    for (let count = 0; count < 3; count++) {
      expect((await httpRequest(gateway.port, 'GET', '/faulty')).status).toBe(200)
    }
    for (const message of ['thrown behind the back', 'rejected behind the back']) {
      const line = await gateway.logLine(
        ({ level, err }) => level === 'error' && JSON.stringify(err ?? '').includes(message),
      )
      expect(JSON.stringify(line)).toContain('faulty.mjs')
    }
    expect(await gateway.metrics()).toMatch(/^kanali_uncaught_exceptions_total 6$/m)
    expect((await gateway.readiness()).status).toBe(200)
  })
})
