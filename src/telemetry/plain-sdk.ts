// What NodeSDK is where the variables ask for nothing but what a gateway is usually started with: a tracer provider, the context
// manager and the W3C propagators. NodeSDK loads every exporter that it knows, gRPC, Prometheus and Zipkin among them, and a
// reader of configuration files: more than half of what telemetry costs a start. It must never stand in where a variable is set
// that is read by NodeSDK alone, and is held to be what NodeSDK would be by test/telemetry/plain-sdk.test.ts.

import type { ContextManager } from '@opentelemetry/api'
import type { Sampler, SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { PooledIds } from './ids.ts'
import { context, load, loadFor, propagation, trace } from './opentelemetry.ts'
import { type Environment, read } from './sdk-environment.ts'

/** What is read by our own code, by the OTLP transport, or by the detector of OTEL_RESOURCE_ATTRIBUTES. */
const READ_HERE =
  /^OTEL_(?:SERVICE_NAME|RESOURCE_ATTRIBUTES|TRACES_EXPORTER|TRACES_SAMPLER|TRACES_SAMPLER_ARG|BSP_.+|EXPORTER_OTLP_.+)$/

/** True where no variable is set but those that need no NodeSDK. */
export function isPlain(environment: Environment): boolean {
  return Object.keys(environment).every(
    (name) => !name.startsWith('OTEL_') || READ_HERE.test(name) || read(environment, name) === undefined,
  )
}

type Resource = NonNullable<NonNullable<ConstructorParameters<typeof TracerProvider>[0]>['resource']>
type Detectors = 'envDetector' | 'hostDetector' | 'osDetector' | 'serviceInstanceIdDetector'

/** What is used of `@opentelemetry/resources`. */
interface Resources extends Readonly<Record<Detectors, object>> {
  readonly defaultResource: () => Resource
  readonly detectResources: (config: { readonly detectors: readonly object[] }) => Resource
}

interface AsyncHooks {
  readonly AsyncLocalStorageContextManager: new () => ContextManager
}

export class PlainSdk {
  readonly #sampler: Sampler
  readonly #processor: SpanProcessor
  #provider: TracerProvider | undefined

  constructor(sampler: Sampler, processor: SpanProcessor) {
    this.#sampler = sampler
    this.#processor = processor
  }

  /** Puts all of it into the API's globals. The resource is read from the variables of this moment. */
  start(): void {
    const { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } =
      load('@opentelemetry/core')
    const { TracerProvider } = load('@opentelemetry/sdk-trace')
    const { AsyncLocalStorageContextManager } = loadFor(
      '@opentelemetry/sdk-node',
      '@opentelemetry/context-async-hooks',
    ) as AsyncHooks
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    )
    this.#provider = new TracerProvider({
      sampler: this.#sampler,
      resource: detectedResource(),
      idGenerator: new PooledIds(),
      spanProcessors: [this.#processor],
    })
    trace.setGlobalTracerProvider(this.#provider)
  }

  /** Sends what is queued. */
  async shutdown(): Promise<void> {
    await this.#provider?.shutdown()
  }
}

/** By the detectors that sdk-environment.ts names, in their order. */
function detectedResource(): Resource {
  // The copy that the tracer provider loads too; NodeSDK's is of the same version.
  const resources = loadFor('@opentelemetry/sdk-trace', '@opentelemetry/resources') as Resources
  const { defaultResource, detectResources } = resources
  const { envDetector, hostDetector, osDetector, serviceInstanceIdDetector } = resources
  const detectors = [envDetector, hostDetector, osDetector, serviceInstanceIdDetector]
  return defaultResource().merge(detectResources({ detectors }))
}
