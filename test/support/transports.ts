// The upstream transports without a gateway around them: one against one upstream, asked request by request, with all
// that it called back gathered. What a failure means is classify.ts's, as in the gateway.

import { Readable } from 'node:stream'
import { DEFAULT_OPTIONS, type Options } from '../../src/config/options.ts'
import type { Reason } from '../../src/errors/catalogue.ts'
import { classify } from '../../src/proxy/classify.ts'
import { AddressGuard } from '../../src/proxy/upstream/address-guard.ts'
import { openTransport } from '../../src/proxy/upstream/open-transport.ts'
import { WriteBatch } from '../../src/proxy/write-batch.ts'
import type { Call, Phase, Transport } from '../../src/proxy/upstream/transport.ts'
import { Vault } from '../../src/resources/vault.ts'
import type { Endpoint, Upstream as UpstreamRoute } from '../../src/snapshot/snapshot.ts'

export const TRANSPORT_NAMES = ['undici', 'socket'] as const
export type TransportName = (typeof TRANSPORT_NAMES)[number]

export interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: readonly string[]
  readonly body?: Readable | string | undefined
  readonly onInformational?: (status: number) => void
}

/** Everything that one request came to. */
export interface Outcome {
  readonly status: number
  readonly statusText: string
  readonly rawHeaders: readonly string[]
  readonly informational: readonly number[]
  /** Latin1. */
  readonly text: string
  readonly trailers: readonly string[]
  /** `refused`: there was no place for it. */
  readonly how: 'ended' | 'failed' | 'refused'
  readonly reason: Reason | undefined
  readonly phase: Phase | undefined
  readonly detail: string
}

export interface Asking {
  readonly call: Call | undefined
  readonly outcome: Promise<Outcome>
  /** Bytes of content so far. */
  received(): number
  /** The head has come. */
  readonly head: Promise<void>
  readonly started: Promise<void>
}

export interface WorldOptions {
  readonly options?: Partial<Options>
  /** PEM of the authority that the upstream is trusted by; given: HTTPS. */
  readonly ca?: string
  /** Called in place of nothing with each piece of content, such as to pause. */
  readonly onData?: (call: Call, chunk: Buffer) => void
  readonly onHead?: (call: Call) => void
}

export class TransportWorld implements AsyncDisposable {
  readonly transport: Transport
  readonly load: { upstreamConnections: number }
  readonly #route: UpstreamRoute
  readonly #endpoint: Endpoint
  readonly #world: WorldOptions

  constructor(
    transport: Transport,
    load: { upstreamConnections: number },
    route: UpstreamRoute,
    world: WorldOptions,
  ) {
    this.transport = transport
    this.load = load
    this.#route = route
    this.#endpoint = route.endpoints[0]
    this.#world = world
  }

  /** What the endpoint is busy with, as the choice of an endpoint sees it. */
  get busy(): number {
    return this.transport.load(this.#route, this.#endpoint)
  }

  async ask(asked: Asked = {}): Promise<Outcome> {
    return this.begin(asked).outcome
  }

  begin({ method = 'GET', path = '/', headers = [], body, onInformational }: Asked = {}): Asking {
    const { onData, onHead } = this.#world
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const head = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const chunks: Buffer[] = []
    const informational: number[] = []
    let seen = { status: 0, statusText: '', rawHeaders: [] as string[] }
    let over = false
    const finish = (how: Outcome['how'], rest: Partial<Outcome>): void => {
      if (over) throw new Error(`${how} after the end`)
      over = true
      resolve({
        ...seen,
        informational,
        phase: undefined,
        reason: undefined,
        text: Buffer.concat(chunks).toString('latin1'),
        trailers: [],
        detail: '',
        ...rest,
        how,
      })
    }
    const call: Call | undefined = this.transport.dispatch(
      this.#route,
      this.#endpoint,
      {
        method,
        path,
        headers: ['host', 'test', ...headers],
        body:
          typeof body === 'string'
            ? Readable.from([Buffer.from(body, 'latin1')], { objectMode: false })
            : body,
      },
      {
        started: () => started.resolve(),
        informational: (status) => {
          informational.push(status)
          onInformational?.(status)
        },
        head: (status, statusText, rawHeaders) => {
          seen = { status, statusText, rawHeaders }
          head.resolve()
          if (call !== undefined) onHead?.(call)
        },
        data: (chunk) => {
          chunks.push(chunk)
          if (call !== undefined) onData?.(call, chunk)
        },
        ended: (trailers) => finish('ended', { trailers }),
        failed: (fault) => {
          const { fact, detail } = classify(fault, 'upstream')
          finish('failed', { reason: fact.reason, phase: fault.phase, detail })
        },
      },
    )
    if (call === undefined) finish('refused', {})
    return {
      call,
      outcome: promise,
      received: () => chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      head: head.promise,
      started: started.promise,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.transport.close()
  }
}

/** The transport of that name before `http://127.0.0.1:port`, or HTTPS. */
export async function transportWorld(
  name: TransportName,
  port: number,
  world: WorldOptions = {},
): Promise<TransportWorld> {
  const vault = new Vault()
  const load = { upstreamConnections: 0 }
  const options = { ...DEFAULT_OPTIONS, ...world.options, 'proxy.upstream_transport': name }
  const guard = new AddressGuard(false)
  const transport = await openTransport({ options, vault, guard, load, writes: new WriteBatch() })
  const endpoint = { host: '127.0.0.1', port }
  if (world.ca === undefined) {
    return new TransportWorld(
      transport,
      load,
      { type: 'upstream', scheme: 'http', endpoints: [endpoint] },
      world,
    )
  }
  vault.put('trusted', { ca: Buffer.from(world.ca) })
  const tls = { id: 'trusted', secretHandle: 'trusted', serverName: 'localhost' }
  return new TransportWorld(
    transport,
    load,
    { type: 'upstream', scheme: 'https', endpoints: [endpoint], tls },
    world,
  )
}
