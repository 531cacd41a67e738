// The sampler of the OTEL_* variables, asked in two ways: by the SDK for its own spans, and by spans as bytes with the
// trace id and the client's parent alone. Both ways give the same answer for the same trace.

import type { Attributes, Context, Link, SpanKind as Kind } from '@opentelemetry/api'
import type { Sampler, SamplingDecision, SamplingResult } from '@opentelemetry/sdk-trace'
import { ROOT_CONTEXT, SpanKind } from './opentelemetry.ts'
import { FLAG_SAMPLED, type TraceParent } from './trace-context.ts'

/** A span of this name is recorded whatever the sampler says, and never sampled: it shows resource and scope. */
export const PROBE = 'kanali.probe'

const NO_ATTRIBUTES: Attributes = {}
const NO_LINKS: Link[] = []

export interface HeadSamplerParts {
  /** As a trace that begins here is sampled, and what else the SDK asks. */
  readonly root: Sampler
  readonly sdk: Sampler
  /** The client's flag decides where it sends one. */
  readonly followsParent: boolean
  /** The SDK's words, which is loaded when telemetry starts. */
  readonly decisions: typeof SamplingDecision
}

export class HeadSampler implements Sampler {
  readonly #root: Sampler
  readonly #sdk: Sampler
  readonly #followsParent: boolean
  readonly #sampled: SamplingDecision
  readonly #recorded: SamplingResult

  constructor({ root, sdk, followsParent, decisions }: HeadSamplerParts) {
    this.#root = root
    this.#sdk = sdk
    this.#followsParent = followsParent
    this.#sampled = decisions.RECORD_AND_SAMPLED
    this.#recorded = { decision: decisions.RECORD }
  }

  /** Whether an exchange of this trace is recorded and sampled. */
  samples(traceId: string, parent: TraceParent | undefined): boolean {
    if (this.#followsParent && parent !== undefined) return (parent.flags & FLAG_SAMPLED) !== 0
    const { decision } = this.#root.shouldSample(
      ROOT_CONTEXT,
      traceId,
      '',
      SpanKind.SERVER,
      NO_ATTRIBUTES,
      NO_LINKS,
    )
    return decision === this.#sampled
  }

  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: Kind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    if (spanName === PROBE) return this.#recorded
    return this.#sdk.shouldSample(context, traceId, spanName, spanKind, attributes, links)
  }

  toString(): string {
    return this.#sdk.toString()
  }
}
