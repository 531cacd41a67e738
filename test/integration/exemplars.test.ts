// From a rising error rate to the one request behind it, through real programs: the exemplar that Prometheus has, the
// trace that the Collector passed on, the line of the access log, the entry of the flight recorder, all of one request.

import { describe, expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { freePort } from '../support/free-ports.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { apiProxy, mockTarget } from '../support/manifests.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import { startPrometheus } from '../support/prometheus.ts'
import { startShippedCollector } from '../support/shipped-collector.ts'
import { waitUntil } from '../support/wait-until.ts'

/** What an alert on this code selects (kanali_errors_total), and what a person clicks on behind it. */
const GATEWAY_ERRORS = 'kanali_errors_total{code="08",reason="connection_refused"}'
const SPAN_METRICS =
  'traces_span_metrics_duration_seconds_bucket{kanali_error_code="08",span_kind="SPAN_KIND_SERVER"}'
const LATENCY = 'kanali_request_duration_seconds_bucket{apiproxy="dead"}'

describeWithTools(
  ['otelcol', 'prometheus'],
  'a request that fails',
  (otelcol = '', prometheusBinary = '') => {
    describe('among others that go well', () => {
      test('is the same one in exemplar, trace, log line and flight recorder', {
        timeout: 120_000,
      }, async () => {
        const deadPort = await freePort()
        await using backend = await startOtlpSink()
        await using collector = await startShippedCollector(otelcol, {
          backendUrl: backend.httpUrl,
          env: {
            COLLECTOR_DECISION_WAIT: '1s',
            // Longer than from scrape to scrape: an exemplar stands from one flush to the next.
            COLLECTOR_SPAN_METRICS_INTERVAL: '4s',
            COLLECTOR_SHARE_PERCENT: '0',
          },
        })
        await using gateway = await startGatewayProcess({
          manifests: {
            'routes.yaml': [
              apiProxy('dead')
                .inNamespace('shop')
                .at('/dead')
                .toEndpoint(`http://127.0.0.1:${deadPort}`)
                .build(),
              apiProxy('canned').inNamespace('shop').at('/canned').mock('canned').build(),
              mockTarget('canned').inNamespace('shop').route('/', 200, 'canned').build(),
            ],
          },
          otlpUrl: collector.httpUrl,
        })
        await using prometheus = await startPrometheus(prometheusBinary, {
          targets: {
            kanali: [`127.0.0.1:${gateway.prometheusPort}`],
            collector: [`127.0.0.1:${collector.ports.spanMetrics}`],
          },
        })
        const from = Date.now() / 1000 - 60
        const exemplarsOf = async (promql: string): Promise<object[]> => {
          const all = await prometheus.exemplars(promql, from, Date.now() / 1000 + 60)
          return all.map(({ labels }) => labels)
        }
        /** A request that fails, once all of Prometheus has it; undefined where a scrape missed the Collector's exemplar. */
        const seenEverywhere = async (): Promise<{ trace_id: string; span_id: string } | undefined> => {
          for (let index = 0; index < 10; index += 1) await httpRequest(gateway.port, 'GET', '/canned')
          const failed = await httpRequest(gateway.port, 'GET', '/dead/7')
          expect(failed.status).toBe(502)
          const traceId = failed.header('x-kanali-correlation-id') ?? ''
          const isOfTrace = (labels: object): boolean => 'trace_id' in labels && labels.trace_id === traceId
          const found = async (promql: string): Promise<object> =>
            waitUntil(
              async () => (await exemplarsOf(promql)).find(isOfTrace),
              `Prometheus to have the exemplar ${traceId} of ${promql}`,
              { timeoutMs: 20_000, everyMs: 200 },
            )
          const fromGateway = await found(GATEWAY_ERRORS)
          expect(fromGateway).toEqual({
            trace_id: traceId,
            span_id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
          })
          expect(await found(LATENCY)).toEqual(fromGateway)
          const fromCollector = await found(SPAN_METRICS).catch(() => undefined)
          if (fromCollector === undefined) return undefined
          expect(fromCollector).toEqual(fromGateway)
          return fromGateway as { trace_id: string; span_id: string }
        }
        // The Collector shows an exemplar from one flush to the next, and on a busy machine a scrape may come too late.
        const { trace_id: traceId, span_id: spanId } =
          (await seenEverywhere()) ?? (await seenEverywhere()) ?? (await seenEverywhere()) ?? {}
        expect(traceId).toMatch(/^[0-9a-f]{32}$/)

        const spans = await waitUntil(() => {
          const ofTrace = backend.received.filter((span) => span.traceId === traceId)
          return ofTrace.length === 2 && ofTrace
        }, 'both spans to have come through the Collector')
        const server = spans.find(({ kind }) => kind === 'server')
        expect(server?.spanId).toBe(spanId)
        expect(server?.attributes).toMatchObject({
          'kanali.error.code': '08',
          'kanali.error.reason': 'connection_refused',
          'url.path': '/dead/7',
        })

        const [line = {}] = await gateway.accessLines((access) => access['trace_id'] === traceId)
        expect(line).toMatchObject({
          span_id: server?.spanId,
          code: '08',
          reason: 'connection_refused',
          path: '/dead/7',
        })

        const kept = JSON.parse(
          (await httpRequest(gateway.profilingPort, 'GET', `/debug/exchanges/${traceId}`)).text,
        ) as { exchanges: Record<string, { code: string; reason: string; request: { path: string } }> }
        expect(Object.keys(kept.exchanges)).toEqual([server?.spanId])
        expect(Object.values(kept.exchanges)).toMatchObject([
          { code: '08', reason: 'connection_refused', request: { path: '/dead/7' } },
        ])
        expect(line['revision']).toBe(server?.attributes['kanali.snapshot.revision'])
      })
    })
  },
)
