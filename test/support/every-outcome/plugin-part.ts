// Codes 03, 04, 05 and 11: plugins that are not there, do not load, lack something, or fail while they run. Beside them
// one that passes, one that throws after its request was served, and one that blocks the event loop for a while.

import { apiProxy } from '../manifests.ts'
import { tempFolder } from '../temp-folder.ts'
import { get, nameOf, type Part } from './outcome.ts'
import type { Reason } from '../../../src/errors/catalogue.ts'

const FILES = {
  'versioned_1.0.0.mjs': 'export const Plugin = { onRequest() {}, onResponse() {} }',
  'syntax.mjs': 'export const Plugin = {',
  'unexported.mjs': 'export const Plug = {}',
  'half.mjs': 'export const Plugin = { onRequest() {} }',
  'throws.mjs': `export const Plugin = {
    onRequest() { throw new RangeError('thrown on purpose') },
    onResponse() {},
  }`,
  'rejects.mjs': `export const Plugin = {
    async onRequest() { throw new TypeError('rejected on purpose') },
    onResponse() {},
  }`,
  'hangs.mjs': 'export const Plugin = { onRequest() { return new Promise(() => {}) }, onResponse() {} }',
  'babbles.mjs': 'export const Plugin = { onRequest() { return { status: 99 } }, onResponse() {} }',
  'strays.mjs': `export const Plugin = {
    onRequest() { setTimeout(() => { throw new Error('stray on purpose') }, 1) },
    onResponse() {},
  }`,
  'blocks.mjs': `export const Plugin = {
    onRequest() { for (const until = performance.now() + 200; performance.now() < until;); },
    onResponse() {},
  }`,
  'passes.mjs': 'export const Plugin = { async onRequest() {}, onResponse() {} }',
}

/** Name and version that each ApiProxy asks for. */
const ASKED = {
  plugin_file_missing: ['nowhere'],
  plugin_version_missing: ['versioned', '2.0.0'],
  plugin_load_failed: ['syntax'],
  plugin_export_missing: ['unexported'],
  plugin_interface_incomplete: ['half'],
  plugin_threw: ['throws'],
  plugin_rejected: ['rejects'],
  plugin_deadline: ['hangs'],
  plugin_answer_invalid: ['babbles'],
} as const satisfies Partial<Record<Reason, readonly [string, string?]>>

export async function pluginPart(): Promise<Part> {
  const folder = await tempFolder('plugins')
  for (const [file, text] of Object.entries(FILES)) await folder.write(file, text)
  const asked = Object.entries(ASKED) as [Reason, readonly [string, string?]][]
  return {
    manifests: [
      ...['passes', 'strays', 'blocks'].map((plugin) =>
        apiProxy(plugin).at(`/${plugin}`).mock('canned').plugin(plugin, {}).build(),
      ),
      ...asked.map(([reason, [plugin, version]]) =>
        apiProxy(nameOf(reason))
          .at(`/${nameOf(reason)}`)
          .mock('canned')
          .plugin(plugin, {}, version)
          .build(),
      ),
    ],
    asks: Object.fromEntries(asked.map(([reason]) => [reason, get(`/${nameOf(reason)}`)])),
    flags: { 'plugins.location': folder.path, 'plugins.deadline': '300ms' },
    places: { plugins: folder.path },
    stop: () => folder.remove(),
  }
}
