// The parts of the SDK that the OTEL_* variables name: sampler and exporter.

import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace'
import { HeadSampler } from './head-sampler.ts'
import { load } from './opentelemetry.ts'
import { type Environment, type OtlpProtocol, type Problem, read } from './sdk-environment.ts'
import type { Inbound } from './tracing.ts'

const SAMPLERS = ['always_on', 'always_off', 'traceidratio']

/**
 * The sampler of OTEL_TRACES_SAMPLER. With `continue` a trace that a client began is sampled like one that begins here:
 * the client's flag decides nothing.
 */
export function samplerOf(environment: Environment, inbound: Inbound): HeadSampler | Problem {
  const {
    AlwaysOffSampler,
    AlwaysOnSampler,
    ParentBasedSampler,
    SamplingDecision: decisions,
    TraceIdRatioBasedSampler,
  } = load('@opentelemetry/sdk-trace')
  const name = read(environment, 'OTEL_TRACES_SAMPLER') ?? 'parentbased_always_on'
  const isParentBased = name.startsWith('parentbased_')
  const rootName = isParentBased ? name.slice('parentbased_'.length) : name
  if (!SAMPLERS.includes(rootName)) {
    const known = SAMPLERS.flatMap((sampler) => [sampler, `parentbased_${sampler}`]).join(', ')
    return { problem: `OTEL_TRACES_SAMPLER is ${JSON.stringify(name)}; known are ${known}` }
  }
  let root: Sampler = rootName === 'always_on' ? new AlwaysOnSampler() : new AlwaysOffSampler()
  if (rootName === 'traceidratio') {
    const text = read(environment, 'OTEL_TRACES_SAMPLER_ARG') ?? '1'
    const ratio = Number(text)
    if (!(ratio >= 0 && ratio <= 1)) {
      return {
        problem: `OTEL_TRACES_SAMPLER_ARG is ${JSON.stringify(text)}; it must be a number from 0 to 1`,
      }
    }
    root = new TraceIdRatioBasedSampler(ratio)
  }
  if (!isParentBased) return new HeadSampler({ root, sdk: root, followsParent: false, decisions })
  const followsParent = inbound !== 'continue'
  const remote = followsParent ? {} : { remoteParentSampled: root, remoteParentNotSampled: root }
  return new HeadSampler({ root, sdk: new ParentBasedSampler({ root, ...remote }), followsParent, decisions })
}

/** The OTLP exporter of a protocol, which reads its endpoint and headers from the variables itself. */
export function otlpExporter(protocol: OtlpProtocol): SpanExporter {
  switch (protocol) {
    case 'http/protobuf':
      return new (load('@opentelemetry/exporter-trace-otlp-proto').OTLPTraceExporter)()
    case 'grpc':
      return new (load('@opentelemetry/exporter-trace-otlp-grpc').OTLPTraceExporter)()
    case 'http/json':
      return new (load('@opentelemetry/exporter-trace-otlp-http').OTLPTraceExporter)()
  }
}
