// `kanali explain` as a person runs it: the catalogue's pages, a folder instead of a gateway, a trace out of a file, and
// the exit statuses that its help promises.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CATALOGUE, codeText, ERROR_FACTS } from '../../src/errors/catalogue.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'
import { cataloguePage, catalogueText } from '../../src/explain/catalogue-text.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { freePort } from '../support/free-ports.ts'
import { httpRequest } from '../support/http-client.ts'
import { kanali } from '../support/kanali-command.ts'
import { apiProxy, mockTarget, service } from '../support/manifests.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
let folder: TempFolder

beforeAll(async () => {
  folder = await tempFolder('explain-cli')
})
afterAll(() => folder.remove())

describe('the catalogue', () => {
  test('has a page for every code and every reason, with all that it says', () => {
    for (const { code, message, check, reasons } of CATALOGUE) {
      const page = cataloguePage(codeText(code))
      const text = page === undefined ? '' : catalogueText(page)
      expect(text).toContain(message)
      expect(text.replaceAll(/\s+/g, ' ')).toContain(check)
      for (const { reason, means } of reasons)
        expect(text).toMatch(new RegExp(`${reason} .*${means.slice(0, 20)}`))
    }
    for (const { reason, blame, codeText: code, check } of ERROR_FACTS) {
      const page = cataloguePage(reason)
      const text = page === undefined ? '' : catalogueText(page)
      expect(text).toContain(`${reason}: code ${code}`)
      expect(text).toContain(`Whose fault: ${blame}`)
      expect(text.replaceAll(/\s+/g, ' ')).toContain(check)
    }
    for (const { reason } of REJECTIONS) expect(cataloguePage(reason)).toHaveProperty('type', 'rejection')
  })

  test('is shown for a code, also of one digit, and for a reason; as JSON too', async () => {
    const [code, reason, json] = await Promise.all([
      kanali('explain', '8'),
      kanali('explain', 'connection_refused'),
      kanali('explain', 'connection_refused', '--output', 'json'),
    ])
    expect(code).toMatchObject({ status: 0, stderr: '' })
    expect(code.stdout).toMatch(/^Code 08, status 502: Could not get a valid/)
    expect(reason.stdout).toContain('Whose fault: upstream')
    expect(JSON.parse(json.stdout)).toMatchObject({
      code: '08',
      reason: 'connection_refused',
      blame: 'upstream',
    })
  })
})

describe('the exit status', () => {
  test.each([
    [1, ['15'], 'codes are 00 to 14'],
    [1, ['no_such_reason'], 'is no code, no reason and no trace id'],
    [2, [], 'either WHAT or --request'],
    [2, ['08', '--request', 'GET /'], 'either WHAT or --request'],
    [2, ['--no-such-option'], 'unknown option'],
    [2, [TRACE, '--output', 'xml'], '--output is text or json'],
    [2, [TRACE, '--directory', '.'], '--directory goes with --request'],
    [2, [TRACE, '--gateway', 'x', '--otlp-json', 'y'], 'either --gateway or --otlp-json'],
    [2, ['--request', 'GET /', '--header', 'no colon', '--directory', '.'], '--header is NAME: VALUE'],
    [2, [TRACE, '--gateway', 'not a url'], 'must be a URL'],
    [3, [TRACE, '--otlp-json', 'no-such-file.json'], 'cannot be read: ENOENT'],
    [3, ['--request', 'GET /', '--directory', 'no-such-folder'], 'does not exist'],
  ] as const)('is %d for %j', async (status, args, said) => {
    const ended = await kanali('explain', ...args)
    expect(ended).toMatchObject({ status, stdout: '' })
    expect(ended.stderr).toContain(said)
  })

  test('is 3 where no gateway listens, where something else does, and escapes what that says', async () => {
    const nobody = await kanali('explain', TRACE, '--gateway', `http://127.0.0.1:${await freePort()}`)
    expect(nobody).toMatchObject({ status: 3, stdout: '' })
    expect(nobody.stderr).toContain('ECONNREFUSED')
    const answers = ['<html>\u001b[31m', '{"exchanges":{"a":{"outcome":"\u001b[2J"}}}']
    const server = createServer((_, response) => void response.end(answers.shift()))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    for (let times = answers.length; times > 0; times -= 1) {
      const ended = await kanali('explain', TRACE, '--gateway', url)
      expect(ended).toMatchObject({ status: 3, stdout: '' })
      expect(ended.stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    }
    server.close()
  })

  test('is 1 where the gateway remembers nothing of the trace', async () => {
    await using gateway = await startGatewayProcess()
    const ended = await kanali('explain', TRACE, '--gateway', `http://127.0.0.1:${gateway.profilingPort}`)
    expect(ended).toMatchObject({ status: 1, stdout: '' })
    expect(ended.stderr).toContain(`remembers no exchange of trace ${TRACE}`)
  })
})

describe('a folder of manifests', () => {
  test('is decided by as a gateway that watches it would; what is broken in it is said', async () => {
    await folder.write('good.yaml', text(apiProxy('cart').at('/cart').service('cart', 8080).build()))
    await folder.write('service.yaml', text(service('cart').port(80).build()))
    await folder.write('broken.yaml', 'kind: [')
    const args = ['--request', 'GET https://shop.example/cart', '--directory', folder.path]
    const words = await kanali('explain', ...args)
    expect(words.status).toBe(0)
    expect(words.stderr).toContain('broken.yaml')
    expect(words.stdout).toContain(
      'It lies in ApiProxy default/cart, field spec.target.backend.service.port.',
    )
    const { stdout } = await kanali('explain', ...args, '--output', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      trace_id: null,
      code: '10',
      reason: 'service_port_missing',
      objects: [{ kind: 'ApiProxy' }, { kind: 'Service', name: 'cart', role: 'backend' }],
    })
  })
})

/** The Collector's file exporter writes what the OTLP exporter sends as JSON, a message a line. */
describe('a file of exported traces', () => {
  const lines: string[] = []
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      lines.push(Buffer.concat(chunks).toString())
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  let gateway: GatewayProcess
  let traceId = ''
  let goodId = ''

  beforeAll(async () => {
    receiver.listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    gateway = await startGatewayProcess({
      manifests: {
        'a.yaml': [
          apiProxy('dead').at('/dead').toEndpoint('http://127.0.0.1:9').build(),
          apiProxy('port').at('/port').service('backend', 81).build(),
          apiProxy('mock').at('/mock').mock('answers').build(),
          mockTarget('answers').route('/', 200, 'ok').build(),
          service('backend').port(80).build(),
        ],
      },
      env: {
        OTEL_SDK_DISABLED: undefined,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_BSP_SCHEDULE_DELAY: '100',
      },
    })
    const idOf = async (path: string, headers = {}): Promise<string> =>
      (await httpRequest(gateway.port, 'GET', path, { headers })).header('x-kanali-correlation-id') ?? ''
    traceId = await idOf('/dead?token=s3cret')
    await idOf('/port', { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
    goodId = await idOf('/mock')
    await waitUntil(
      () => lines.join('').split(traceId).length > 3 && lines.join('').includes(goodId),
      'the spans',
    )
    await folder.write('traces.json', `not json\n${lines.join('\n')}\n`)
  })
  afterAll(async () => {
    await gateway.stop()
    receiver.close()
  })

  test('tells the same of a failed request as the flight recorder, but for routes and objects', async () => {
    const file = `${folder.path}/traces.json`
    const [fromFile, fromGateway] = await Promise.all([
      kanali('explain', traceId, '--otlp-json', file, '--output', 'json'),
      kanali(
        'explain',
        traceId,
        '--gateway',
        `http://127.0.0.1:${gateway.profilingPort}`,
        '--output',
        'json',
      ),
    ])
    expect(fromFile).toMatchObject({ status: 0, stderr: '' })
    const all = (text: string): object[] => text.trim().split('\n').map(known)
    expect(all(fromFile.stdout)).toEqual(all(fromGateway.stdout))
    expect(all(fromFile.stdout)).toMatchObject([
      { code: '08', reason: 'connection_refused', steps: ['match', 'upstream', 'fail', 'answer'] },
      { code: '10', cause: { name: 'port', field: 'spec.target.backend.service.port' } },
    ])
    expect(fromFile.stdout).not.toContain('s3cret')
  })

  test('tells of a good one in words, and exits 1 for a trace that is not in it', async () => {
    const file = `${folder.path}/traces.json`
    const words = await kanali('explain', goodId, '--otlp-json', file)
    expect(words.stdout).toContain('It was served: status 200.')
    expect(await kanali('explain', TRACE, '--otlp-json', file)).toMatchObject({ status: 1, stdout: '' })
  })
})

/** What both know; checks that name an object which only the recorder knows are missing in a file, too. */
function known(line: string): object {
  const explained = JSON.parse(line) as { steps: readonly { name: string }[] }
  const steps = explained.steps.map(({ name }) => name)
  return { ...explained, objects: 0, candidates: 0, checks: 0, steps }
}

function text(manifest: object): string {
  return JSON.stringify(manifest)
}
