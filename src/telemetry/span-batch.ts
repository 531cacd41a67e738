// Spans that leave in one export: bytes of exchanges' spans, and the SDK's own spans beside them (batches of events, the
// instrumentations of the control plane). Made into one OTLP request with what the SDK says of resource and scope.

import type { ISerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { OtlpWriter, varintSize } from './otlp-writer.ts'

export interface SpanBatch {
  /** Its first `used` bytes are spans, each with its tag and length. */
  readonly bytes: Buffer
  readonly used: number
  readonly others: readonly ReadableSpan[]
  /** All of both. */
  readonly spans: number
}

type Response = ReturnType<typeof ProtobufTraceSerializer.deserializeResponse>
type SdkSerializer = Pick<typeof ProtobufTraceSerializer, 'serializeRequest' | 'deserializeResponse'>

const RESOURCE_SPANS = 0x0a
const SCOPE_SPANS = 0x12
const SPAN_FIELD = 2
const SCOPE_FIELD = 2
const LENGTH_DELIMITED = 2

/** Makes requests of batches, for the exporters' own transport. */
export class BatchSerializer implements ISerializer<SpanBatch, Response> {
  readonly #load: () => SdkSerializer
  #loaded: SdkSerializer | undefined
  #model: ReadableSpan | undefined
  #resource = Buffer.alloc(0)
  #scope = Buffer.alloc(0)

  /** @param load gives the SDK's serializer; called with the first request, since it is 30 ms of a start */
  constructor(load: () => SdkSerializer) {
    this.#load = load
  }

  /** Takes resource and scope of all exchanges' spans from one of the SDK's spans. */
  like(model: ReadableSpan): void {
    this.#model = model
  }

  /** It has been told. */
  get isTaught(): boolean {
    return this.#model !== undefined
  }

  /** What the SDK knows of this process only after a while (the host's id): undefined where it is all there. */
  pending(): Promise<void> | undefined {
    const resource = this.#model?.resource
    return resource?.asyncAttributesPending === true ? resource.waitForAsyncAttributes?.() : undefined
  }

  serializeRequest({ bytes, used, others }: SpanBatch): Uint8Array | undefined {
    const rest = others.length === 0 ? undefined : this.#sdk.serializeRequest([...others])
    if (used === 0) return rest
    if (this.#scope.length === 0) this.#learn()
    const scopeBytes = this.#scope.length + used
    const inner = this.#resource.length + 1 + varintSize(scopeBytes) + scopeBytes
    const outer = 1 + varintSize(inner) + inner
    const to = new OtlpWriter(Buffer.allocUnsafeSlow(outer + (rest?.length ?? 0)))
    to.byte(RESOURCE_SPANS)
    to.varint(inner)
    to.raw(this.#resource)
    to.byte(SCOPE_SPANS)
    to.varint(scopeBytes)
    to.raw(this.#scope)
    to.raw(bytes.subarray(0, used))
    // Fields of one number follow each other: two requests in a row are one request.
    if (rest !== undefined) to.raw(rest)
    return to.bytes
  }

  deserializeResponse(data: Uint8Array): Response {
    return this.#sdk.deserializeResponse(data)
  }

  get #sdk(): SdkSerializer {
    this.#loaded ??= this.#load()
    return this.#loaded
  }

  /** Cuts resource and scope out of a request of the SDK: whatever it says of them, it says in the same bytes. */
  #learn(): void {
    const request = this.#model && this.#sdk.serializeRequest([this.#model])
    if (request === undefined) throw new Error('no span of the SDK has shown resource and scope')
    const [resourceSpans] = fieldsOf(Buffer.from(request))
    const fields = fieldsOf(resourceSpans?.content ?? Buffer.alloc(0))
    this.#resource = Buffer.concat(
      fields.filter(({ number }) => number !== SCOPE_FIELD).map(({ whole }) => whole),
    )
    const scopeSpans = fields.find(({ number }) => number === SCOPE_FIELD)?.content ?? Buffer.alloc(0)
    this.#scope = Buffer.concat(
      fieldsOf(scopeSpans)
        .filter(({ number }) => number !== SPAN_FIELD)
        .map(({ whole }) => whole),
    )
  }
}

interface Field {
  readonly number: number
  /** With tag and length. */
  readonly whole: Buffer
  readonly content: Buffer
}

/** The fields of a message that has none but length-delimited ones, with numbers below 16. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = []
  for (let at = 0; at < message.length; ) {
    const tag = message[at] ?? 0
    if ((tag & 7) !== LENGTH_DELIMITED)
      throw new Error(`a field of wire type ${tag & 7} is not expected here`)
    let length = 0
    let start = at + 1
    for (let shift = 0; ; shift += 7) {
      const byte = message[start++] ?? 0
      length += (byte & 127) * 2 ** shift
      if (byte < 128) break
    }
    const end = start + length
    fields.push({
      number: tag >>> 3,
      whole: message.subarray(at, end),
      content: message.subarray(start, end),
    })
    at = end
  }
  return fields
}
