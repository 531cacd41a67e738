// How batches of spans reach the Collector: by the OTLP exporters' own transport, with its retries, compression, headers
// and TLS, all by the OTEL_EXPORTER_OTLP_* variables. Loaded when telemetry starts.

import type { IOtlpExportDelegate } from '@opentelemetry/otlp-exporter-base'
import { load } from './opentelemetry.ts'
import type { OtlpProtocol } from './sdk-environment.ts'
import type { BatchSerializer, SpanBatch } from './span-batch.ts'

export type SpanTransport = Pick<IOtlpExportDelegate<SpanBatch>, 'export' | 'shutdown'>

/** Protocols whose requests are protobuf. */
export type BinaryProtocol = Exclude<OtlpProtocol, 'http/json'>

/** As the packages name their exporters. */
const COMPONENT = { 'http/protobuf': 'otlp_http_span_exporter', grpc: 'otlp_grpc_span_exporter' } as const
const GRPC_SERVICE = 'TraceExportService'
const GRPC_METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const COUNTING = { name: 'span', countItems: ({ spans }: SpanBatch) => spans } as const

/** The transport of a protocol, which reads its endpoint and headers from the variables itself. */
export function spanTransport(protocol: BinaryProtocol, serializer: BatchSerializer): SpanTransport {
  if (protocol === 'grpc') {
    const { convertLegacyOtlpGrpcOptions, createOtlpGrpcExportDelegate } = load(
      '@opentelemetry/otlp-grpc-exporter-base',
    )
    const options = convertLegacyOtlpGrpcOptions({}, 'TRACES')
    return createOtlpGrpcExportDelegate(
      options,
      serializer,
      COMPONENT.grpc,
      COUNTING,
      undefined,
      GRPC_SERVICE,
      GRPC_METHOD,
    )
  }
  const { convertLegacyHttpOptions, createOtlpHttpExportDelegate } = load(
    '@opentelemetry/otlp-exporter-base/node-http',
  )
  const options = convertLegacyHttpOptions({}, 'TRACES', 'v1/traces', {
    'Content-Type': 'application/x-protobuf',
  })
  return createOtlpHttpExportDelegate(options, serializer, COMPONENT['http/protobuf'], COUNTING, undefined)
}
