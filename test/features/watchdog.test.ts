// A plugin that blocks the event loop cannot be cut off. A watchdog beside the loop names it and the request while it
// still blocks, and liveness fails, so that what restarts processes can act.

import { expect, test } from 'vitest'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { tempFolder } from '../support/temp-folder.ts'

test('a plugin that blocks is named with its request in the log, and liveness fails', async () => {
  await using plugins = await tempFolder('blocking')
  await plugins.write(
    'blocks.mjs',
    `const cell = new Int32Array(new SharedArrayBuffer(4))
     export const Plugin = {
       onRequest({ config }) { Atomics.wait(cell, 0, 0, Number(config.ms)) },
       onResponse() {},
     }`,
  )
  await using gateway = await startGatewayProcess({
    manifests: {
      'mock.yaml': [
        mockTarget('ok').route('/', 200, 'ok').build(),
        apiProxy('stuck').at('/stuck').mock('ok').plugin('blocks', { ms: '2000' }).build(),
        apiProxy('fine').at('/fine').mock('ok').build(),
      ],
    },
    flags: { 'plugins.location': plugins.path, 'plugins.watchdog_timeout': '200ms' },
  })
  const stuck = httpRequest(gateway.port, 'GET', '/stuck')
  const line = await gateway.logLine(({ level, msg }) => level === 'error' && String(msg).includes('blocks'))
  expect(JSON.stringify(line)).toContain('stuck')
  const response = await stuck
  expect(response.status).toBe(200)
  expect(JSON.stringify(line)).toContain(response.header('x-kanali-correlation-id'))
  const health = await fetch(`http://127.0.0.1:${gateway.prometheusPort}/healthz`)
  expect(health.status).toBe(503)
  expect(await health.text()).toContain('event_loop_blocked')
  expect((await httpRequest(gateway.port, 'GET', '/fine')).status).toBe(200)
})
