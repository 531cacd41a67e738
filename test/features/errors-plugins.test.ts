// Codes 03, 04, 05 and 11: a plugin that is not there, does not load, lacks something, or fails while it runs. Each
// reason through a real socket, on body, span, metric and log line of the same request, from real plugin files.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest, type RawResponse } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { expectFailure, observe, type Observed } from '../support/observed.ts'
import { type OtlpSink, startOtlpSink } from '../support/otlp-sink.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const FILES = {
  'versioned_1.0.0.mjs': 'export const Plugin = { onRequest() {}, onResponse() {} }',
  'syntax.mjs': 'export const Plugin = {',
  'unexported.mjs': 'export const Plug = {}',
  'half.mjs': 'export const Plugin = { onRequest() {} }',
  'throws.mjs': `export const Plugin = {
    onRequest(context) { if (context.config.at !== 'response') throw new RangeError('thrown on purpose') },
    onResponse() { throw new RangeError('thrown on the way back') },
  }`,
  'rejects.mjs': `export const Plugin = {
    async onRequest() { throw new TypeError('rejected on purpose') },
    onResponse() {},
  }`,
  'hangs.mjs': 'export const Plugin = { onRequest() { return new Promise(() => {}) }, onResponse() {} }',
  'babbles.mjs': 'export const Plugin = { onRequest() { return { status: 99 } }, onResponse() {} }',
}

const PROXIES = Object.entries({
  missing: ['nowhere'],
  version: ['versioned', '2.0.0'],
  syntax: ['syntax'],
  unexported: ['unexported'],
  half: ['half'],
  throws: ['throws'],
  rejects: ['rejects'],
  hangs: ['hangs'],
  babbles: ['babbles'],
}).map(([path, [name = '', version]]) =>
  apiProxy(path).at(`/${path}`).mock('ok').plugin(name, {}, version).build(),
)

let sink: OtlpSink
let plugins: TempFolder
let gateway: GatewayProcess

beforeAll(async () => {
  sink = await startOtlpSink()
  plugins = await tempFolder('plugins')
  for (const [file, text] of Object.entries(FILES)) await plugins.write(file, text)
  gateway = await startGatewayProcess({
    manifests: {
      'mock.yaml': mockTarget('ok').route('/', 200, 'ok').build(),
      'proxies.yaml': PROXIES,
      'response.yaml': apiProxy('response')
        .at('/response')
        .mock('ok')
        .plugin('throws', { at: 'response' })
        .build(),
    },
    flags: { 'plugins.location': plugins.path, 'plugins.deadline': '300ms' },
    otlpUrl: sink.httpUrl,
  })
})

afterAll(async () => {
  await gateway.stop()
  await plugins.remove()
  await sink.stop()
})

function ask(path: string): Promise<Observed<RawResponse>> {
  return observe(gateway, sink, () => httpRequest(gateway.port, 'GET', path))
}

/** The plugin is named, and its mistake is on the span for who has to mend it. */
function expectBlamed(observed: Observed<RawResponse>, plugin: string, detail: RegExp): void {
  expect(observed.server.attributes).toMatchObject({
    'kanali.plugin': plugin,
    'kanali.error.detail': expect.stringMatching(detail),
  })
  expect(observed.seen.text).not.toMatch(detail)
}

describe('a plugin that cannot be used', () => {
  test('has no file: plugin_file_missing', async () => {
    const observed = await ask('/missing')
    expectFailure(observed, 'plugin_file_missing')
    expectBlamed(observed, 'nowhere', /no file for plugin nowhere/)
  })

  test('is there in another version: plugin_version_missing', async () => {
    const observed = await ask('/version')
    expectFailure(observed, 'plugin_version_missing')
    expectBlamed(observed, 'versioned', /2\.0\.0.*1\.0\.0/)
  })

  test('does not load: plugin_load_failed', async () => {
    const observed = await ask('/syntax')
    expectFailure(observed, 'plugin_load_failed')
    expectBlamed(observed, 'syntax', /syntax\.mjs/)
  })

  test('exports no Plugin: plugin_export_missing', async () => {
    const observed = await ask('/unexported')
    expectFailure(observed, 'plugin_export_missing')
    expectBlamed(observed, 'unexported', /unexported\.mjs/)
  })

  test('lacks a method: plugin_interface_incomplete', async () => {
    const observed = await ask('/half')
    expectFailure(observed, 'plugin_interface_incomplete')
    expectBlamed(observed, 'half', /onResponse/)
  })
})

describe('a plugin that fails while it runs', () => {
  test('throws: plugin_threw, with the stack on the span', async () => {
    const observed = await ask('/throws')
    expectFailure(observed, 'plugin_threw')
    expectBlamed(observed, 'throws', /thrown on purpose/)
    expect(observed.server.events).toContainEqual({
      name: 'exception',
      attributes: expect.objectContaining({
        'exception.type': 'RangeError',
        'exception.stacktrace': expect.stringContaining('throws.mjs'),
      }),
    })
    expect(observed.server.status.code).toBe('error')
  })

  test('throws on the way back: plugin_threw in place of the answer', async () => {
    const observed = await ask('/response')
    expectFailure(observed, 'plugin_threw')
    expectBlamed(observed, 'throws', /thrown on the way back/)
  })

  test('rejects its promise: plugin_rejected', async () => {
    const observed = await ask('/rejects')
    expectFailure(observed, 'plugin_rejected')
    expectBlamed(observed, 'rejects', /rejected on purpose/)
  })

  test('never settles its promise: plugin_deadline', async () => {
    const observed = await ask('/hangs')
    expectFailure(observed, 'plugin_deadline')
    expectBlamed(observed, 'hangs', /300 ?ms/)
  })

  test('answers what HTTP does not allow: plugin_answer_invalid', async () => {
    const observed = await ask('/babbles')
    expectFailure(observed, 'plugin_answer_invalid')
    expectBlamed(observed, 'babbles', /99/)
  })
})
