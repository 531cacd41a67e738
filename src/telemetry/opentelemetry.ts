// OpenTelemetry's packages, all by `require`: prom-client has their API that way already (51 files once and not twice), and a
// package of theirs takes a third less time than as ES modules. What replaces the API's logger, as sdk-diagnostics.ts does, counts
// for one copy of it: so every part must come from here. Imported only where spans are made, with one dynamic import (signals.ts).

import { createRequire } from 'node:module'

interface Packages {
  readonly '@opentelemetry/api': typeof import('@opentelemetry/api')
  readonly '@opentelemetry/auto-instrumentations-node': typeof import('@opentelemetry/auto-instrumentations-node')
  readonly '@opentelemetry/core': typeof import('@opentelemetry/core')
  readonly '@opentelemetry/exporter-trace-otlp-grpc': typeof import('@opentelemetry/exporter-trace-otlp-grpc')
  readonly '@opentelemetry/exporter-trace-otlp-http': typeof import('@opentelemetry/exporter-trace-otlp-http')
  readonly '@opentelemetry/exporter-trace-otlp-proto': typeof import('@opentelemetry/exporter-trace-otlp-proto')
  readonly '@opentelemetry/otlp-exporter-base/node-http': typeof import('@opentelemetry/otlp-exporter-base/node-http')
  readonly '@opentelemetry/otlp-grpc-exporter-base': typeof import('@opentelemetry/otlp-grpc-exporter-base')
  readonly '@opentelemetry/otlp-transformer': typeof import('@opentelemetry/otlp-transformer')
  readonly '@opentelemetry/sdk-node': typeof import('@opentelemetry/sdk-node')
  readonly '@opentelemetry/sdk-trace': typeof import('@opentelemetry/sdk-trace')
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
