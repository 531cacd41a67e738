// Stands in for an OpenTelemetry Collector where none is named: takes OTLP/JSON and prints one line a failed exchange.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

interface OtlpSpan {
  readonly traceId: string
  readonly kind: number
  readonly name: string
  readonly attributes?: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[]
}

const SERVER_SPAN = 2

/** Listens on a port of the system's choice; `endpoint` is for OTEL_EXPORTER_OTLP_ENDPOINT. */
export async function startTraceReceiver(
  print: (line: string) => void,
): Promise<{ endpoint: string; close(): void }> {
  const server = createServer((req, res) => {
    void text(req).then((body) => {
      for (const span of spansOf(body)) explain(span, print)
      res.setHeader('content-type', 'application/json')
      res.end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function spansOf(body: string): OtlpSpan[] {
  const request = JSON.parse(body) as { resourceSpans?: { scopeSpans?: { spans?: OtlpSpan[] }[] }[] }
  return (request.resourceSpans ?? []).flatMap((one) =>
    (one.scopeSpans ?? []).flatMap((scope) => scope.spans ?? []),
  )
}

function explain(span: OtlpSpan, print: (line: string) => void): void {
  const of = (key: string): string | undefined =>
    span.attributes?.find((one) => one.key === key)?.value.stringValue
  const code = of('kanali.error.code')
  if (span.kind !== SERVER_SPAN || code === undefined) return
  const blame = of('kanali.error.blame') ?? ''
  print(
    `trace ${span.traceId}: ${span.name}: code ${code}, ${of('error.type') ?? ''} (${blame}): ${of('kanali.error.detail') ?? ''}`,
  )
}
