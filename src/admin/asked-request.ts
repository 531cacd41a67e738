// A request as a person writes it, such as `GET https://shop.example/cart`, read as the listener would read it: the same
// admission, then the same decision. Nothing is sent. Pure.

import type { KeyFinding } from '../decide-guards.ts'
import { rejectionOf } from '../errors/rejections.ts'
import { decisionReport, rejectionReport } from '../explain/decision-report.ts'
import type { ExchangeReport, ReportedRequest } from '../explain/exchange-report.ts'
import { admit } from '../proxy/admit.ts'
import { headerValue } from '../proxy/request-headers.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Mask } from '../telemetry/masking.ts'

export interface AskedText {
  /** Method, a space, URL or path; without a method it is GET. */
  readonly request: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

export interface AskedRules {
  readonly mask: Mask
  /** Option server.max_header_count. */
  readonly maxHeaderCount: number
  /** Absent where there is no private key to know api keys by. */
  readonly keys?: KeyFinding
}

const TEXT_MAX = 16_384
const HEADERS_MAX = 10_000
const FORM = /^(?:([A-Za-z]{1,20}) +)?(?:(https?):\/\/([^/?#\s]+))?((?:[/?][^\s]*)?)$/i
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/

/** What the snapshot decides on it, or one line that says why it cannot be read. */
export function explainAsked(
  snapshot: Snapshot,
  asked: AskedText,
  rules: AskedRules,
): ExchangeReport | { readonly problem: string } {
  const found = asked.request.length > TEXT_MAX ? null : FORM.exec(asked.request.trim())
  if (found === null || (found[3] === undefined && found[4] === '')) {
    return {
      problem:
        'a request is METHOD URL, such as GET https://shop.example/cart, or METHOD /path with a header host',
    }
  }
  const [, method = 'GET', scheme = 'http', authority, rest = ''] = found
  const wrong = asked.headers.find(([name, value]) => !FIELD_NAME.test(name) || /[\r\n\0]/.test(value))
  if (wrong !== undefined || asked.headers.length > HEADERS_MAX) {
    return { problem: 'a header is NAME: VALUE on one line' }
  }
  const rawHeaders = asked.headers.flat()
  if (headerValue(rawHeaders, 'host') === undefined) rawHeaders.unshift('host', authority ?? 'localhost')
  // The bytes as they would be sent, each as a character: as the parser gives them.
  const target = Buffer.from(rest.startsWith('/') ? rest : `/${rest}`).toString('latin1')
  const head = { method: method.toUpperCase(), target, httpVersion: '1.1', rawHeaders }
  return decided(snapshot, head, scheme.toLowerCase(), rules)
}

function decided(
  snapshot: Snapshot,
  head: { method: string; target: string; httpVersion: string; rawHeaders: readonly string[] },
  scheme: string,
  { mask, maxHeaderCount, keys }: AskedRules,
): ExchangeReport {
  const { method, rawHeaders, target } = head
  const admitted = admit(head, maxHeaderCount)
  const mark = target.indexOf('?')
  const query = mark < 0 ? '' : mask.query(target.slice(mark + 1))
  if (typeof admitted === 'string') {
    const path = mark < 0 ? target : target.slice(0, mark)
    const request: ReportedRequest = { ...NO_REQUEST, method, scheme, path, query }
    return rejectionReport(snapshot, request, rejectionOf(admitted))
  }
  const { host, hostPort: port, path } = admitted
  const header = (name: string): string | undefined => headerValue(rawHeaders, name.toLowerCase())
  const headerValues = (name: string): string[] =>
    rawHeaders.flatMap((field, at) =>
      at % 2 === 0 && field.toLowerCase() === name ? [rawHeaders[at + 1] ?? ''] : [],
    )
  return decisionReport(snapshot, {
    method,
    scheme,
    host,
    port,
    path,
    query,
    header,
    headerValues,
    ...(keys !== undefined && { keys }),
  })
}

const NO_REQUEST = {
  method: '',
  scheme: '',
  host: '',
  port: 0,
  path: '',
  query: '',
  http_version: '1.1',
  client: '',
}
