// What is put in place without NodeSDK is what NodeSDK puts in place, and it steps back for every variable that it does not know.

import { createRequire } from 'node:module'
import type { NodeSDK } from '@opentelemetry/sdk-node'
import { AlwaysOnSampler, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PooledIds } from '../../src/telemetry/ids.ts'
import { context, metrics, propagation, ROOT_CONTEXT, trace } from '../../src/telemetry/opentelemetry.ts'
import { isPlain, PlainSdk } from '../../src/telemetry/plain-sdk.ts'
import { resourceDefaults } from '../../src/telemetry/sdk-environment.ts'
import { withVariables } from '../../src/telemetry/start-from-variables.ts'

const { NodeSDK: RequiredSdk } = createRequire(import.meta.url)('@opentelemetry/sdk-node') as {
  NodeSDK: typeof NodeSDK
}
const BAGGAGE = {
  traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`,
  tracestate: 'a=1',
  baggage: 'k=v',
}

describe('a start by variables is plain', () => {
  test.each([
    [{}],
    [{ PATH: '/bin', KANALI_OTEL: '1', OTEL_METRICS_EXPORTER: ' ' }],
    [{ OTEL_SERVICE_NAME: 'x', OTEL_RESOURCE_ATTRIBUTES: 'a=b', OTEL_TRACES_SAMPLER: 'always_off' }],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_BSP_MAX_QUEUE_SIZE: '5' }],
  ])('by %j', (environment) => {
    expect(isPlain(environment)).toBe(true)
  })

  test.each([
    'OTEL_SDK_DISABLED',
    'OTEL_LOG_LEVEL',
    'OTEL_PROPAGATORS',
    'OTEL_METRICS_EXPORTER',
    'OTEL_LOGS_EXPORTER',
    'OTEL_SPAN_LINK_COUNT_LIMIT',
    'OTEL_ATTRIBUTE_COUNT_LIMIT',
    'OTEL_NODE_RESOURCE_DETECTORS',
    'OTEL_NODE_EXPERIMENTAL_SDK_METRICS',
    'OTEL_SERVICE_NAMES',
    'OTEL_SOMETHING_OF_TOMORROW',
  ])('but not by %s', (name) => {
    expect(isPlain({ [name]: 'x' })).toBe(false)
  })
})

describe('globals', () => {
  const before = { ...process.env }
  beforeEach(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name]
  })
  afterEach(() => {
    Object.assign(process.env, before)
  })

  test('are those of NodeSDK: resource, scope, limits, propagation and context', async () => {
    const plain = await startedBy((processor) => new PlainSdk(new AlwaysOnSampler(), processor))
    const whole = await startedBy(
      (processor) =>
        new RequiredSdk({
          instrumentations: [],
          sampler: new AlwaysOnSampler(),
          idGenerator: new PooledIds(),
          metricReaders: [],
          logRecordProcessors: [],
          spanProcessors: [processor],
        }),
    )
    expect(plain).toEqual(whole)
    expect(plain.resource).toMatchObject({ 'service.name': 'kanali', team: 'a', 'service.version': '1.2' })
    expect(plain.carried).toEqual(BAGGAGE)
    expect(plain.active).toBe('here')
  })
})

/** What a started SDK makes of a span, and of what it carries. */
async function startedBy(
  make: (processor: SpanProcessor) => { start(): void; shutdown(): Promise<void> },
): Promise<Readonly<Record<string, unknown>>> {
  const ended: ReadableSpan[] = []
  const processor: SpanProcessor = {
    onStart: () => undefined,
    onEnd: (span) => void ended.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  }
  const sdk = withVariables(resourceDefaults({ OTEL_RESOURCE_ATTRIBUTES: 'team=a' }, '1.2'), () => {
    const made = make(processor)
    made.start()
    return made
  })
  try {
    const span = trace.getTracer('kanali', '1.2').startSpan('s', { root: true })
    for (let index = 0; index < 200; index += 1) span.setAttribute(`a${index}`, index)
    span.end()
    const key = Symbol('key')
    const active = await context.with(ROOT_CONTEXT.setValue(key, 'here'), async () => {
      await Promise.resolve()
      return context.active().getValue(key)
    })
    const carried: Record<string, string> = {}
    propagation.inject(propagation.extract(ROOT_CONTEXT, BAGGAGE), carried)
    const [first] = ended
    await first?.resource.waitForAsyncAttributes?.()
    const { 'service.instance.id': instance, ...resource } = first?.resource.attributes ?? {}
    expect(instance).toEqual(expect.any(String))
    return {
      resource,
      scope: first?.instrumentationScope,
      attributes: Object.keys(first?.attributes ?? {}).length,
      ids: [span.spanContext().traceId.length, span.spanContext().spanId.length],
      fields: propagation.fields(),
      carried,
      active,
    }
  } finally {
    await sdk.shutdown()
    for (const api of [trace, context, metrics, propagation]) api.disable()
  }
}
