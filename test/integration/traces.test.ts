// What an operator sees: real requests by curl through the gateway to nginx, and the spans that come out of a real
// OpenTelemetry Collector, by name, kind, parent, attributes and status. Over http/protobuf and over gRPC.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAuthority } from '../support/certificates.ts'
import { type Collector, startCollector } from '../support/collector.ts'
import { curl as runCurl, type CurlAnswer } from '../support/curl.ts'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { freePort } from '../support/free-ports.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { apiProxy, mockTarget, secret } from '../support/manifests.ts'
import { type Nginx, startNginx } from '../support/nginx.ts'
import type { ReceivedSpan } from '../support/received-span.ts'
import { waitUntil } from '../support/wait-until.ts'

const INBOUND = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }

describeWithTools(
  ['otelcol', 'nginx', 'curl'],
  'traces through a real Collector',
  (otelcol, nginxBinary, curlBinary) => {
    describe.each(['http/protobuf', 'grpc'] as const)('over %s', (protocol) => {
      const authority = createAuthority()
      const client = authority.client({ commonName: 'kanali' })
      let collector: Collector
      let nginx: Nginx
      let gateway: GatewayProcess
      let deadPort = 0

      beforeAll(async () => {
        deadPort = await freePort()
        collector = await startCollector(otelcol ?? '')
        nginx = await startNginx(nginxBinary ?? '', {
          tls: { ...authority.server(), clientAuthority: authority.certificate },
        })
        gateway = await startGatewayProcess({
          manifests: {
            'routes.yaml': [
              apiProxy('shop')
                .at('/shop')
                .target('/echo')
                .toEndpoint(`http://127.0.0.1:${nginx.port}`)
                .build(),
              apiProxy('status')
                .at('/status')
                .target('/status')
                .toEndpoint(`http://127.0.0.1:${nginx.port}`)
                .build(),
              apiProxy('dead').at('/dead').toEndpoint(`http://127.0.0.1:${deadPort}`).build(),
              apiProxy('canned').at('/canned').mock('canned').build(),
              mockTarget('canned').route('/', 202, 'canned').build(),
              apiProxy('safe')
                .at('/safe')
                .target('/echo')
                .toEndpoint(`https://localhost:${nginx.tlsPort}`)
                .ssl('identity')
                .build(),
              secret('identity')
                .enabled()
                .ca(authority.certificate)
                .cert(client.certificate)
                .key(client.key)
                .build(),
            ],
          },
          otlpUrl: protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl,
          otlpProtocol: protocol,
        })
      })

      afterAll(async () => {
        await gateway?.stop()
        await nginx?.stop()
        await collector?.stop()
      })

      const ask = (path: string, ...args: string[]): Promise<CurlAnswer> =>
        runCurl(curlBinary ?? '', [...args, `http://127.0.0.1:${gateway.port}${path}`])

      /** The spans of an answer's trace, the server span first. */
      async function spansOf(answer: CurlAnswer, count: number): Promise<ReceivedSpan[]> {
        const traceId = answer.header('x-kanali-correlation-id')
        const spans = await collector.spans((span) => span.traceId === traceId, { count })
        expect(spans).toHaveLength(count)
        return spans.sort((a, b) => b.kind.localeCompare(a.kind))
      }

      test('a proxied request has a server span and a client span below it, whose context nginx got', async () => {
        const answer = await ask('/shop/cart?item=1', '-H', 'User-Agent: investigator')
        expect(answer.status).toBe(200)
        expect(answer.text).toContain('GET /echo/cart?item=1 HTTP/1.1')
        const [server, client] = await spansOf(answer, 2)
        expect(server).toMatchObject({
          name: 'GET /shop',
          kind: 'server',
          parentSpanId: '',
          status: { code: 'unset' },
          scope: 'kanali',
          resource: { 'service.name': 'kanali', 'service.version': expect.stringMatching(/^\d/) },
          attributes: {
            'http.request.method': 'GET',
            'http.route': '/shop',
            'http.response.status_code': 200,
            'url.scheme': 'http',
            'url.path': '/shop/cart',
            'server.address': '127.0.0.1',
            'server.port': gateway.port,
            'client.address': '127.0.0.1',
            'network.protocol.version': '1.1',
            'user_agent.original': 'investigator',
            'kanali.apiproxy.name': 'shop',
            'kanali.apiproxy.namespace': 'default',
            'kanali.outcome': 'ok',
            'kanali.snapshot.revision': expect.any(Number),
            'kanali.snapshot.hash': expect.stringMatching(/^[0-9a-f]+$/),
          },
        })
        expect(server?.attributes).not.toHaveProperty('kanali.error.code')
        expect(client).toMatchObject({
          name: 'GET',
          kind: 'client',
          traceId: server?.traceId,
          parentSpanId: server?.spanId,
          attributes: {
            'http.request.method': 'GET',
            'http.response.status_code': 200,
            'server.address': '127.0.0.1',
            'server.port': nginx.port,
          },
        })
        expect(client?.attributes['url.full']).not.toContain('item=1')
        const [logged] = await nginx.requests(({ requestLine }) => requestLine.includes('/echo/cart'))
        expect(logged?.traceparent).toBe(`00-${client?.traceId}-${client?.spanId}-01`)
      })

      test('a trace that curl began goes on', async () => {
        const answer = await ask('/shop/on', '-H', `traceparent: 00-${INBOUND.traceId}-${INBOUND.spanId}-00`)
        expect(answer.header('x-kanali-correlation-id')).toBe(INBOUND.traceId)
        const [server, client] = await spansOf(answer, 2)
        expect(server?.parentSpanId).toBe(INBOUND.spanId)
        expect(client?.parentSpanId).toBe(server?.spanId)
      })

      test('a mock has a server span only', async () => {
        const answer = await ask('/canned')
        expect(answer).toMatchObject({ status: 202, text: 'canned' })
        const [server] = await spansOf(answer, 1)
        expect(server).toMatchObject({ name: 'GET /canned', status: { code: 'unset' } })
      })

      test('code 00 is found by its attribute: its status is unset', async () => {
        const answer = await ask('/nowhere')
        expect(answer.status).toBe(404)
        const [server] = await spansOf(answer, 1)
        expect(server).toMatchObject({
          name: 'GET',
          status: { code: 'unset' },
          attributes: {
            'kanali.error.code': '00',
            'kanali.error.reason': 'no_path_matched',
            'kanali.error.blame': 'client',
            'error.type': 'no_path_matched',
          },
        })
      })

      test('code 08 is an error on both spans, and names the endpoint', async () => {
        const answer = await ask('/dead')
        expect(JSON.parse(answer.text)).toMatchObject({ code: 8 })
        const [server, client] = await spansOf(answer, 2)
        expect(server).toMatchObject({
          status: { code: 'error' },
          attributes: { 'kanali.error.code': '08', 'kanali.error.reason': 'connection_refused' },
        })
        expect(client).toMatchObject({
          status: { code: 'error' },
          attributes: { 'error.type': 'connection_refused', 'server.port': deadPort },
        })
      })

      test("nginx's own 503 is the upstream's answer: no code, an error status on both spans", async () => {
        const answer = await ask('/status/503')
        expect(answer.status).toBe(503)
        const [server, client] = await spansOf(answer, 2)
        expect(server).toMatchObject({
          status: { code: 'error' },
          attributes: { 'http.response.status_code': 503, 'error.type': '503', 'kanali.outcome': 'ok' },
        })
        expect(server?.attributes).not.toHaveProperty('kanali.error.code')
        expect(client).toMatchObject({ status: { code: 'error' }, attributes: { 'error.type': '503' } })
      })

      test('an https upstream by Secret: nginx sees the client certificate', async () => {
        const answer = await ask('/safe/path')
        expect(answer.status).toBe(200)
        const [, client] = await spansOf(answer, 2)
        expect(client?.attributes['url.full']).toBe(`https://localhost:${nginx.tlsPort}/echo/path`)
        const [logged] = await nginx.requests(({ requestLine }) => requestLine.includes('/echo/path'))
        expect(logged).toMatchObject({
          serverName: 'localhost',
          clientSubject: expect.stringContaining('kanali'),
        })
      })

      test('a change of configuration is a span, and later requests carry its revision', async () => {
        await gateway.write('late.yaml', apiProxy('late').at('/late').mock('canned').build())
        const answer = await waitUntil(async () => {
          const late = await ask('/late')
          return late.status === 202 && late
        }, 'the new route answers')
        const [server] = await spansOf(answer, 1)
        const revision = server?.attributes['kanali.snapshot.revision']
        const [batch] = await collector.spans(
          (span) =>
            span.name === 'kanali.events.batch' && span.attributes['kanali.snapshot.revision'] === revision,
        )
        expect(batch).toMatchObject({
          kind: 'internal',
          attributes: { 'kanali.snapshot.hash': server?.attributes['kanali.snapshot.hash'] },
        })
        expect(server?.links).toEqual([{ traceId: batch?.traceId, spanId: batch?.spanId, attributes: {} }])
        expect(batch?.events).toContainEqual({
          name: 'kanali.event',
          attributes: expect.objectContaining({
            'kanali.event.kind': 'ApiProxy',
            'kanali.event.name': 'late',
          }),
        })
      })
    })
  },
)
