// The example plugin does what its head comment says, loaded as an operator would load it.

import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPlugins } from '../../src/plugins/load.ts'
import { ResponseView } from '../../src/plugins/response-view.ts'
import { KeptLog, pluginOptions, requestView, step } from './plugin-folder.ts'

const FOLDER = path.join(import.meta.dirname, '../../deploy/examples/quickstart/plugins')
const FILE = 'requireHeader_1.0.0.mjs'

describe('the example plugin', () => {
  it('answers 400 where the header is absent or empty, and passes one clean field on where it is there', async () => {
    const loaded = await loadPlugins(FOLDER, pluginOptions(new KeptLog()))
    if ('problem' in loaded) throw new Error(loaded.problem)
    expect(loaded.facts).toContainEqual({
      name: 'requireHeader',
      version: '1.0.0',
      file: FILE,
      methods: ['onRequest', 'onResponse'],
    })
    const { compiled, context } = step(FILE, { header: 'x-tenant' })
    for (const headers of [[], ['X-Tenant', ' ']]) {
      expect(loaded.host.runRequest(compiled, context, requestView(headers))).toEqual({
        type: 'answer',
        answer: {
          status: 400,
          headers: ['content-type', 'application/json'],
          body: '{"status":400,"message":"The header x-tenant is required."}',
        },
      })
    }
    const request = requestView(['X-Tenant', ' acme', 'x-tenant', 'evil'])
    expect(loaded.host.runRequest(compiled, context, request)).toBeUndefined()
    expect(request.headers()).toEqual(['x-tenant', 'acme'])

    const response = new ResponseView(200, ['vary', 'accept'])
    expect(loaded.host.runResponse(compiled, context, request, response)).toBeUndefined()
    expect(response.headerValues('vary')).toEqual(['accept', 'x-tenant'])

    const wrong = step(FILE)
    expect(loaded.host.runRequest(wrong.compiled, wrong.context, requestView())).toMatchObject({
      failure: { fact: { reason: 'plugin_threw' } },
    })
    await loaded.host.stop()
  })
})
