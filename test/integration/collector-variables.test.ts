// What the Collector says to variables that cannot be meant, and what otel/README.md tells an operator to type: its commands
// and its file of settings of one's own, run as they stand there.

import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeWithTools } from '../support/describe-with-tools.ts'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { newTraceId, sendSpans } from '../support/otlp-sender.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'
import { runToEnd } from '../support/running-process.ts'
import { OTEL_FOLDER, refusalOf, startShippedCollector } from '../support/shipped-collector.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { waitUntil } from '../support/wait-until.ts'

const PAGE = readFileSync(path.join(OTEL_FOLDER, 'README.md'), 'utf8')

/** The blocks of code of a section of the page. */
function blocksOf(heading: string, language: string): string[] {
  const section = PAGE.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  )
}

describeWithTools(['otelcol', 'curl'], 'otel/ in the hands of an operator', (otelcol = '') => {
  describe('a variable that cannot be meant ends the start, and is told', () => {
    test.each([
      ['COLLECTOR_DECISION_WAIT', '15', "'decision_wait' time: missing unit in duration"],
      ['COLLECTOR_DECISION_WAIT', '-15s', "'decision_wait' time: unknown unit"],
      ['COLLECTOR_DECISION_WAIT', 'soon', "'decision_wait' time: unknown unit"],
      ['COLLECTOR_SLOW_MS', '1s', 'failed to create policy evaluator for "slow requests"'],
      ['COLLECTOR_SLOW_MS', 'slow', 'failed to create policy evaluator for "slow requests"'],
      [
        'COLLECTOR_SHARE_PERCENT',
        'ten',
        "'policies[6].probabilistic.sampling_percentage' expected type 'float64'",
      ],
      ['COLLECTOR_TRACES_MAX', '-1', "'num_traces' cannot parse value as 'uint64'"],
      ['COLLECTOR_PROBE_PATHS', '/a(', 'failed to create policy evaluator for "probes"'],
      ['COLLECTOR_PROBE_PATHS', '/a\\.do', 'failed to create policy evaluator for "probes"'],
      ['COLLECTOR_QUEUE_BYTES', '1GiB', "'queue_size' expected type 'int64'"],
      ['COLLECTOR_QUEUE_BYTES', '0', 'sending_queue: `queue_size` must be positive'],
      [
        'COLLECTOR_RETRY_INTERVAL_MAX',
        '30',
        "'retry_on_failure.max_interval' time: missing unit in duration",
      ],
      ['COLLECTOR_STORAGE', '/proc/none', 'failed to create extension "file_storage": mkdir /proc/none'],
      ['COLLECTOR_MEMORY_PERCENT', '20', "'spike_limit_percentage' must be smaller than 'limit_percentage'"],
      ['COLLECTOR_MEMORY_PERCENT', '101', "'limit_percentage' and 'spike_limit_percentage' must be"],
      ['COLLECTOR_SPAN_METRICS_INTERVAL', '30', "'metrics_flush_interval' time: missing unit in duration"],
      ['COLLECTOR_SPAN_METRICS_EXPIRATION', 'never', "'metrics_expiration' time: unknown unit"],
      ['COLLECTOR_SPAN_METRICS_SERIES_MAX', '-1', 'invalid aggregation_cardinality_limit: -1'],
      ['COLLECTOR_METRICS_PORT', 'web', "readers[0].pull.exporter.prometheus.port' expected type 'int'"],
      [
        'COLLECTOR_OTLP_GRPC_PORT',
        '99999',
        'failed to start "otlp" receiver: listen tcp: address 99999: invalid port',
      ],
      ['COLLECTOR_LISTEN_HOST', '192.0.2.1', 'cannot assign requested address'],
    ])('%s=%s', async (name, value, told) => {
      const options = { backendUrl: 'http://127.0.0.1:9', env: { [name]: value } }
      expect(await refusalOf(otelcol, options)).toContain(told)
    })

    test('a back end that is no address', async () => {
      expect(await refusalOf(otelcol, { backendUrl: '127.0.0.1:4318' })).toContain(
        'endpoint must be a valid URL',
      )
    })

    test('a back end that nobody named', async () => {
      const said = await refusalOf(otelcol, {})
      expect(said).toMatch(/unset environment variable.*COLLECTOR_BACKEND_ENDPOINT/)
      expect(said).toContain('exporters::otlp_http/failures: at least one endpoint must be specified')
    })
  })

  test('a back end without a scheme is told with the first spans, which wait until it is put right', async () => {
    await using storage = await tempFolder('queue')
    await using backend = await startOtlpSink()
    const address = backend.httpUrl.replace('http://127.0.0.1', 'localhost')
    const traceId = newTraceId()
    {
      await using wrong = await startShippedCollector(otelcol, { backendUrl: address, storage: storage.path })
      await sendSpans(wrong.httpUrl, [{ traceId, attributes: { 'kanali.error.code': '08' } }])
      await wrong.process.until(() => wrong.process.stderr.includes('Will retry'), 'a word about it')
      expect(wrong.process.stderr).toContain('unsupported protocol scheme')
    }
    await using right = await startShippedCollector(otelcol, {
      backendUrl: backend.httpUrl,
      storage: storage.path,
    })
    await backend.trace(traceId)
    expect(await right.metric('otelcol_exporter_sent_spans_total')).toBe(1)
  })

  test("a file of one's own, as the page has it, is merged behind ours", async () => {
    const [mine = ''] = blocksOf('Variables', 'yaml')
    await using folder = await tempFolder('mine')
    const seen: (string | undefined)[] = []
    const backend = createServer((request, response) => {
      seen.push(request.headers.authorization)
      request.resume().once('end', () => response.end())
    })
    backend.listen(0, '127.0.0.1')
    await once(backend, 'listening')
    await using collector = await startShippedCollector(otelcol, {
      backendUrl: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
      files: ['collector.yaml', await folder.write('mine.yaml', mine)],
      env: { BACKEND_TOKEN: 't0ken', COLLECTOR_SHARE_PERCENT: '100', COLLECTOR_DECISION_WAIT: '1s' },
    })
    const failure = { traceId: newTraceId(), attributes: { 'kanali.error.code': '08' } }
    await sendSpans(collector.httpUrl, [failure, { traceId: newTraceId() }])
    await waitUntil(() => seen.length === 2, 'one request of each queue', { timeoutMs: 20_000 })
    expect(seen).toEqual(['Bearer t0ken', 'Bearer t0ken'])
    backend.closeAllConnections()
    backend.close()
  })

  test('what the page says to type shows that it works', async () => {
    const [commands = ''] = blocksOf('See that it works', 'sh')
    await using backend = await startOtlpSink()
    await using collector = await startShippedCollector(otelcol, {
      backendUrl: backend.httpUrl,
      env: { COLLECTOR_SPAN_METRICS_INTERVAL: '1s' },
    })
    await using gateway = await startGatewayProcess({ otlpUrl: collector.httpUrl })
    const { health, metrics, spanMetrics } = collector.ports
    const ports = { 13133: health, 8080: gateway.port, 8888: metrics, 8889: spanMetrics }
    const run = async (line = ''): Promise<string> => {
      const here = line.replace(
        /localhost:(\d+)/,
        (_, port: string) => `127.0.0.1:${ports[Number(port) as 8080]}`,
      )
      expect(here).toContain('127.0.0.1')
      return (await runToEnd('sh', ['-c', here])).stdout
    }
    const [isThere, fails, counts, measures] = commands.trim().split('\n')
    expect(JSON.parse(await run(isThere))).toMatchObject({ status: 'Server available' })
    expect(JSON.parse(await run(fails))).toMatchObject({ code: 0 })
    await backend.spans(({ attributes }) => attributes['kanali.error.code'] === '00')
    expect(await run(counts)).toMatch(/^otelcol_exporter_sent_spans_total.*failures"} 1$/m)
    const shown = await waitUntil(async () => {
      const text = await run(measures)
      return text.includes('calls_total') && text
    }, 'the span metrics')
    expect(shown).toContain('kanali_error_reason="no_path_matched"')
  })
})
