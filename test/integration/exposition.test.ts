// What a scrape of the real program gives, read by Prometheus' own linter.

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'

describeWithTools(['promtool'], 'promtool', (promtool) => {
  test('reads the page in the text format, and finds nothing to say of what is ours', async () => {
    await using gateway = await startGatewayProcess({
      manifests: {
        'mock.yaml': [
          mockTarget('ok').route('/', 200, 'ok').build(),
          ...Array.from({ length: 50 }, (_, index) =>
            apiProxy(`p${index}`).at(`/p/${index}`).mock('ok').build(),
          ),
        ],
      },
    })
    for (let index = 0; index < 60; index++) await httpRequest(gateway.port, 'GET', `/p/${index}`)
    const page = await gateway.metrics()
    expect(page.length).toBeGreaterThan(200_000)
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
      input: page,
      encoding: 'utf8',
    })
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line !== '')
    // 3: read, with advice; Node's own names, which are prom-client's, do not follow it.
    expect([0, 3]).toContain(status)
    expect(said.filter((line) => !/^(nodejs|process)_/.test(line))).toEqual([])
  })
})
