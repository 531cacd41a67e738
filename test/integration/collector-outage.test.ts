// A Collector that is not there yet, dies in mid-run and comes back: requests never notice, what is lost is counted, and
// spans flow again.

import { expect, test } from 'vitest'
import { startCollector } from '../support/collector.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { Exposition } from '../support/exposition.ts'
import { freePort } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { waitUntil } from '../support/wait-until.ts'

const MANIFESTS = {
  'mock.yaml': [mockTarget('ok').route('/', 200, 'ok').build(), apiProxy('ok').at('/ok').mock('ok').build()],
}

describeWithTools(['otelcol'], 'a Collector that comes and goes', (otelcol = '') => {
  test('costs spans, which are counted, and no request anything', async () => {
    const port = await freePort()
    const collectorHere = () =>
      startCollector(otelcol, (config) => {
        config.receivers = { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } }
      })
    await using gateway = await startGatewayProcess({
      manifests: MANIFESTS,
      otlpUrl: `http://127.0.0.1:${port}`,
      env: { OTEL_BSP_EXPORT_TIMEOUT: '500' },
    })

    const lost = await traceIdOf(gateway)
    // Spans are lost in their order, those of the first configuration before it.
    for (let count = 0; count < 30; count++) await traceIdOf(gateway)
    await waitUntil(async () => (await dropped(gateway)) >= 30, 'the loss is counted')

    let inFirst = ''
    {
      await using first = await collectorHere()
      inFirst = await waitUntil(async () => {
        const traceId = await traceIdOf(gateway)
        const spans = await first.allSpans()
        return spans.length > 0 && traceId
      }, 'spans in the first Collector')
      expect((await first.allSpans()).map(({ traceId }) => traceId)).not.toContain(lost)
    }

    const before = await dropped(gateway)
    for (let count = 0; count < 20; count++) expect(await traceIdOf(gateway)).not.toBe(inFirst)
    await waitUntil(async () => (await dropped(gateway)) >= before + 20, 'the second loss is counted')

    await using second = await collectorHere()
    await waitUntil(async () => {
      await traceIdOf(gateway)
      return (await second.allSpans()).length > 0
    }, 'spans in the second Collector')
  })
})

/** Asks once; the answer must be there whatever becomes of the span. */
async function traceIdOf(gateway: GatewayProcess): Promise<string> {
  const response = await httpRequest(gateway.port, 'GET', '/ok')
  expect(response.status).toBe(200)
  return response.header('x-kanali-correlation-id') ?? ''
}

async function dropped(gateway: GatewayProcess): Promise<number> {
  const exposition = new Exposition(await gateway.metrics(), 'text/plain')
  return exposition.value('kanali_telemetry_dropped_total', { signal: 'traces' }) ?? 0
}
