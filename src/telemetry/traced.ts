// Tracing, where spans are made: the SDK, and what writes the spans of exchanges and of batches. This file and all that it brings
// are loaded only then.

import type { BatchSpan } from './batch-links.ts'
import { type Batch, writeBatchSpan } from './batch-span.ts'
import { ByteSpans } from './byte-spans.ts'
import type { Mask } from './masking.ts'
import { load } from './opentelemetry.ts'
import type { Problem } from './sdk-environment.ts'
import { SdkSpans } from './sdk-spans.ts'
import { type Sdk, type SdkInputs, startSdk } from './start.ts'
import type { ExchangeSpans } from './tracing.ts'

/** What a gateway has of tracing, also where it is off. */
export interface Traced {
  readonly spans: ExchangeSpans
  /** Writes the span of a batch; undefined where there is none. */
  readonly writeBatch: (batch: Batch) => BatchSpan | undefined
  /** Loads what the first export needs. */
  warmUp(): void
  /** Sends what is queued, for at most `timeoutMs`; what is left then is counted as dropped. Never rejects. */
  stop(timeoutMs: number): Promise<void>
}

/** Starts the SDK, or joins the one that this process has already. `problem` is one line for a person. */
export async function startTraced(inputs: SdkInputs, mask: Mask): Promise<Traced | Problem> {
  const sdk = await startSdk(inputs)
  if ('problem' in sdk) return sdk
  const { tracer } = sdk
  return {
    spans: spansOf(sdk, inputs.inbound, mask),
    writeBatch: (batch) => writeBatchSpan(tracer, batch),
    warmUp: () => {
      if (sdk.bytes !== undefined) load('@opentelemetry/otlp-transformer')
    },
    stop: (timeoutMs) => sdk.stop(timeoutMs),
  }
}

function spansOf(
  { tracer, bytes, foreignSampler, limitsSpans }: Sdk,
  inbound: SdkInputs['inbound'],
  mask: Mask,
): ExchangeSpans {
  if (bytes !== undefined) return new ByteSpans({ ...bytes, inbound, mask })
  return new SdkSpans({
    tracer,
    inbound,
    rules: { mask, checked: limitsSpans },
    showsSampled: foreignSampler,
  })
}
