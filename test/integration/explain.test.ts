// `kanali explain --otlp-json` on a file that a real Collector's file exporter wrote.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Collector, startCollector } from '../support/collector.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { kanali } from '../support/kanali-command.ts'
import { apiProxy } from '../support/manifests.ts'

describeWithTools(['otelcol'], 'a trace in the file of a real Collector', (otelcol) => {
  let collector: Collector
  let gateway: GatewayProcess

  beforeAll(async () => {
    collector = await startCollector(otelcol ?? '')
    gateway = await startGatewayProcess({
      manifests: { 'a.yaml': apiProxy('dead').at('/dead').toEndpoint('http://127.0.0.1:9').build() },
      otlpUrl: collector.httpUrl,
    })
  })
  afterAll(async () => {
    await gateway.stop()
    await collector.stop()
  })

  test('is explained', async () => {
    const response = await httpRequest(gateway.port, 'GET', '/dead/x')
    const traceId = response.header('x-kanali-correlation-id') ?? ''
    await collector.spans((span) => span.traceId === traceId, { count: 2 })
    const ended = await kanali('explain', traceId, '--otlp-json', collector.file, '--output', 'json')
    expect(ended).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(ended.stdout)).toMatchObject({
      trace_id: traceId,
      code: '08',
      reason: 'connection_refused',
      apiproxy: { namespace: 'default', name: 'dead' },
      steps: [{ name: 'match' }, { name: 'upstream' }, { name: 'fail' }, { name: 'answer' }],
    })
  })
})
