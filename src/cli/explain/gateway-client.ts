// Asks a running gateway on its profiling port. What comes back is another program's word: bounded in time and size, and
// looked at before it is believed to be a report.

import type { ExchangeReport } from '../../explain/exchange-report.ts'
import type { AskedText } from '../../admin/asked-request.ts'
import { type Refused, refuse } from './refusal.ts'

const TIMEOUT_MS = 10_000
/** All that a gateway lists: the fault may have been mended long ago. */
const LISTED_MAX = '10000'
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** All exchanges of a trace that the gateway remembers, the oldest first. */
export async function askTrace(
  gateway: string,
  traceId: string,
): Promise<readonly ExchangeReport[] | Refused> {
  const answer = await ask(gateway, `/debug/exchanges/${traceId}`)
  if ('refused' in answer) return answer
  const { status, content } = answer
  if (status === 404 && field(content, 'error') === 'trace_not_found') {
    return refuse('not found', `${gateway} remembers no exchange of trace ${traceId}`)
  }
  const exchanges = field(content, 'exchanges')
  if (status !== 200 || typeof exchanges !== 'object' || exchanges === null)
    return unexpected(gateway, status)
  const reports: unknown[] = Object.values(exchanges)
  return reports.every(isReport) ? reports : unexpected(gateway, status)
}

/** An exchange in short. */
export interface ExchangeLine {
  readonly trace_id: string
  readonly time: string
  readonly revision: number
}

/**
 * The last exchange of an ApiProxy that went well, as far as the gateway remembers; undefined where it remembers none.
 * @param until none of a later revision; null: whatever the revision
 */
export async function askLastGood(
  gateway: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  until: number | null,
): Promise<ExchangeLine | undefined | Refused> {
  const found = await askExchanges(gateway, { apiproxy: `${namespace}/${name}`, outcome: 'ok' })
  if ('refused' in found) return found
  return found.filter(isGood).find(({ revision }) => until === null || revision <= until)
}

/**
 * The first exchange of an ApiProxy that failed for this reason, as far as the gateway remembers; undefined where it
 * remembers none.
 * @param after RFC 3339: none that began before
 */
export async function askFirstFailure(
  gateway: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  reason: string,
  after: string | undefined,
): Promise<ExchangeLine | undefined | Refused> {
  const found = await askExchanges(gateway, { apiproxy: `${namespace}/${name}`, reason })
  if ('refused' in found) return found
  return found.findLast(({ time }) => after === undefined || time >= after)
}

/** The newest first. */
async function askExchanges(
  gateway: string,
  filter: Readonly<Record<string, string>>,
): Promise<readonly ExchangeLine[] | Refused> {
  const query = new URLSearchParams({ ...filter, limit: LISTED_MAX })
  const answer = await ask(gateway, `/debug/exchanges?${query.toString()}`)
  if ('refused' in answer) return answer
  const exchanges = field(answer.content, 'exchanges')
  if (answer.status !== 200 || !Array.isArray(exchanges)) return unexpected(gateway, answer.status)
  return exchanges.filter(isLine)
}

function isLine(value: unknown): value is ExchangeLine {
  return (
    typeof field(value, 'trace_id') === 'string' &&
    typeof field(value, 'time') === 'string' &&
    typeof field(value, 'revision') === 'number'
  )
}

/** An upstream's own 5xx, relayed, is no exchange that went well. */
function isGood(line: ExchangeLine): boolean {
  const status = field(line, 'status')
  return typeof status === 'number' && status < 500
}

/** What the gateway would decide on a request. */
export async function askDecision(gateway: string, asked: AskedText): Promise<ExchangeReport | Refused> {
  const answer = await ask(gateway, '/debug/explain', JSON.stringify(asked))
  if ('refused' in answer) return answer
  const { status, content } = answer
  if (status === 400) return refuse('usage', String(field(content, 'message')))
  return status === 200 && isReport(content) ? content : unexpected(gateway, status)
}

async function ask(
  gateway: string,
  path: string,
  body?: string,
): Promise<{ status: number; content: unknown } | Refused> {
  const url = URL.parse(path, gateway)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return refuse('usage', '--gateway must be a URL such as http://127.0.0.1:9090')
  }
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
    })
    const content: unknown = JSON.parse(await textOf(response))
    return { status: response.status, content }
  } catch (error) {
    if (error instanceof SyntaxError)
      return refuse('unreachable', `${gateway} does not answer as a gateway does`)
    return refuse('unreachable', `${gateway} cannot be asked: ${whyOf(error)}`)
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`its answer is larger than ${ANSWER_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** What the system said, behind what `fetch` says of it. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { cause } = error
  if (cause instanceof Error && 'code' in cause) return String(cause.code)
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}

function unexpected(gateway: string, status: number): Refused {
  return refuse('unreachable', `${gateway} answered ${status} with something that is no report of a gateway`)
}

const OBJECTS = ['request', 'timing'] as const
const LISTS = ['objects', 'missing', 'candidates', 'steps', 'checks', 'attempts', 'plugins'] as const

function isReport(value: unknown): value is ExchangeReport {
  return (
    OBJECTS.every((name) => typeof field(value, name) === 'object' && field(value, name) !== null) &&
    LISTS.every((name) => Array.isArray(field(value, name))) &&
    typeof field(value, 'outcome') === 'string'
  )
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
