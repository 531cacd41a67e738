// OpenTelemetry's packages, all by `require`: prom-client has their API that way already (51 files once and not twice), and a
// package of theirs takes a third less time than as ES modules. What replaces the API's logger, as sdk-diagnostics.ts does, counts
// for one copy of it: so every part must come from here. Imported only where spans are made, with one dynamic import (signals.ts).

import { createRequire } from 'node:module'
import type * as Api from '@opentelemetry/api'
import type * as Instrumentations from '@opentelemetry/auto-instrumentations-node'
import type * as Core from '@opentelemetry/core'
import type * as GrpcExporter from '@opentelemetry/exporter-trace-otlp-grpc'
import type * as JsonExporter from '@opentelemetry/exporter-trace-otlp-http'
import type * as ProtobufExporter from '@opentelemetry/exporter-trace-otlp-proto'
import type * as HttpTransport from '@opentelemetry/otlp-exporter-base/node-http'
import type * as GrpcTransport from '@opentelemetry/otlp-grpc-exporter-base'
import type * as Serializers from '@opentelemetry/otlp-transformer'
import type * as WholeSdk from '@opentelemetry/sdk-node'
import type * as TraceSdk from '@opentelemetry/sdk-trace'

interface Packages {
  readonly '@opentelemetry/api': typeof Api
  readonly '@opentelemetry/auto-instrumentations-node': typeof Instrumentations
  readonly '@opentelemetry/core': typeof Core
  readonly '@opentelemetry/exporter-trace-otlp-grpc': typeof GrpcExporter
  readonly '@opentelemetry/exporter-trace-otlp-http': typeof JsonExporter
  readonly '@opentelemetry/exporter-trace-otlp-proto': typeof ProtobufExporter
  readonly '@opentelemetry/otlp-exporter-base/node-http': typeof HttpTransport
  readonly '@opentelemetry/otlp-grpc-exporter-base': typeof GrpcTransport
  readonly '@opentelemetry/otlp-transformer': typeof Serializers
  readonly '@opentelemetry/sdk-node': typeof WholeSdk
  readonly '@opentelemetry/sdk-trace': typeof TraceSdk
}

const requireFrom = createRequire(import.meta.url)

/** Loads a package, at the first call. */
export function load<Name extends keyof Packages>(name: Name): Packages[Name] {
  return requireFrom(name) as Packages[Name]
}

/** A package that another depends on, in the version that it has. */
export function loadFor(dependent: keyof Packages, name: string): unknown {
  return createRequire(requireFrom.resolve(dependent))(name)
}

export const {
  context,
  createTraceState,
  diag,
  DiagLogLevel,
  isSpanContextValid,
  metrics,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} = load('@opentelemetry/api')
