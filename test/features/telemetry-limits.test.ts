// Limits that OpenTelemetry's variables set on the attributes of spans hold for the gateway's spans too.

import { expect, test } from 'vitest'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { httpRequest } from '../support/http-client.ts'
import { startOtlpSink } from '../support/otlp-sink.ts'

test('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT cuts the values of attributes', async () => {
  await using sink = await startOtlpSink(0, { limited: true })
  await using gateway = await startGatewayProcess({
    otlpUrl: sink.httpUrl,
    env: { OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '8' },
  })
  const response = await httpRequest(gateway.port, 'GET', '/a-path-that-is-longer')
  const [span] = await sink.trace(response.header('x-kanali-correlation-id') ?? '')
  expect(span?.attributes).toMatchObject({ 'url.path': '/a-path-', 'kanali.error.code': '00' })
})

test('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT bounds their number', async () => {
  await using sink = await startOtlpSink(0, { limited: true })
  await using gateway = await startGatewayProcess({
    otlpUrl: sink.httpUrl,
    env: { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '3' },
  })
  const response = await httpRequest(gateway.port, 'GET', '/')
  const [span] = await sink.trace(response.header('x-kanali-correlation-id') ?? '')
  expect(Object.keys(span?.attributes ?? {})).toHaveLength(3)
})
