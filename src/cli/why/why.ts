// What `kanali why` does: holds a request against a journal, and tells which change made the decision on it what it is.

import { JournalReader } from '../../events/journal/reader.ts'
import type { ExchangeReport } from '../../explain/exchange-report.ts'
import type { DecisionView } from '../../explain/decision-view.ts'
import { type ChangeView, whyOf, type WhyReport } from '../../explain/why.ts'
import { isUnchanged, type Witnessed, whyText } from '../../explain/why-text.ts'
import { lineText } from '../../telemetry/visible-text.ts'
import { askFirstFailure, askLastGood, askTrace } from '../explain/gateway-client.ts'
import { refuse, type Refused } from '../explain/refusal.ts'

const TRACE_ID = /^[0-9a-f]{32}$/

export interface WhyFlags {
  readonly request?: string
  readonly header: readonly string[]
  readonly journal: string
  readonly gateway: string
  readonly output: string
}

interface Asked {
  readonly witnessed: Witnessed
  readonly revision?: number
  readonly headers: ReadonlyMap<string, string>
}

/** What goes to standard output; why nothing does. */
export async function why(trace: string | undefined, flags: WhyFlags): Promise<string | Refused> {
  const { request, output, journal, gateway } = flags
  if (output !== 'text' && output !== 'json') return refuse('usage', '--output is text or json')
  if ((trace === undefined) === (request === undefined))
    return refuse('usage', 'why takes either a trace id or --request')
  const asked = trace === undefined ? readRequest(request ?? '', flags.header) : await witness(trace, gateway)
  if ('refused' in asked) return asked
  const reader = JournalReader.open(journal)
  if ('problem' in reader) return refuse('unreachable', reader.problem)
  const { witnessed, revision, headers } = asked
  const { method, host, path } = witnessed.request
  const header = (name: string): string | undefined => headers.get(name.toLowerCase())
  const report = whyOf(reader, { method, host: hostName(host), path, header }, revision)
  for (const damage of reader.damage) process.stderr.write(`kanali: ${lineText(damage)}\n`)
  if ('problem' in report) return refuse('not found', report.problem)
  return output === 'json'
    ? `${JSON.stringify(jsonOf(report, witnessed))}\n`
    : shown(whyText(report, witnessed))
}

/** `unchanged` is null but where the configuration did not change; before, event and diff are null or empty just then. */
function jsonOf(report: WhyReport, witnessed: Witnessed): object {
  const { request, failed, good, firstFailure } = witnessed
  const { before, after, event, diff } = report
  if (!isUnchanged(report, witnessed)) {
    return {
      request,
      before: before === null ? null : decisionJson(before),
      after: decisionJson(after),
      event: event === null ? null : eventJson(event),
      diff,
      unchanged: null,
    }
  }
  const unchanged = {
    reason: failed?.reason ?? null,
    since: firstFailure?.time ?? null,
    first_failure: firstFailure === undefined ? null : seenJson(firstFailure),
    last_good: good === undefined ? null : seenJson(good),
  }
  return { request, before: null, after: decisionJson(after), event: null, diff: [], unchanged }
}

function decisionJson({ outcome, code, reason, revision }: DecisionView): object {
  return { outcome, code, reason, revision }
}

function eventJson({ type, kind, namespace, name, resourceVersion, time, manager }: ChangeView): object {
  return { type, kind, namespace, name, resourceVersion, time, manager }
}

function seenJson({ time, revision, trace_id }: NonNullable<Witnessed['good']>): object {
  return { time, revision, trace_id }
}

/** Texts of requests and objects are escaped line by line. */
function shown(text: string): string {
  return text
    .split('\n')
    .map((line) => lineText(line))
    .join('\n')
}

function readRequest(text: string, given: readonly string[]): Asked | Refused {
  const found = /^(?:([A-Za-z]{1,20}) +)?(?:https?:\/\/([^/?#\s]+))?(\/[^\s?#]*)?[^\s]*$/.exec(text.trim())
  if (found === null || (found[2] === undefined && found[3] === undefined)) {
    return refuse('usage', 'a request is METHOD URL, such as GET https://shop.example/cart')
  }
  const headers = new Map<string, string>()
  for (const pair of given) {
    const colon = pair.indexOf(':')
    if (colon < 1) return refuse('usage', '--header is NAME: VALUE')
    headers.set(pair.slice(0, colon).trim().toLowerCase(), pair.slice(colon + 1).trim())
  }
  const host = headers.get('host') ?? found[2] ?? 'localhost'
  const request = { method: (found[1] ?? 'GET').toUpperCase(), host, path: found[3] ?? '/' }
  return { witnessed: { request }, headers }
}

async function witness(written: string, gateway: string): Promise<Asked | Refused> {
  const traceId = written.trim().toLowerCase()
  if (!TRACE_ID.test(traceId))
    return refuse('usage', `"${written}" is no trace id: it has 32 hexadecimal digits`)
  const reports = await askTrace(gateway, traceId)
  if ('refused' in reports) return reports
  const report = reports.findLast(({ outcome }) => outcome === 'error') ?? reports.at(-1)
  if (report === undefined) return refuse('not found', `${gateway} remembers no exchange of trace ${traceId}`)
  const { apiproxy, revision, reason } = report
  const good = apiproxy === null ? undefined : await askLastGood(gateway, apiproxy, revision)
  if (good !== undefined && 'refused' in good) return good
  const firstFailure =
    apiproxy === null || reason === null
      ? undefined
      : await askFirstFailure(gateway, apiproxy, reason, good?.time)
  if (firstFailure !== undefined && 'refused' in firstFailure) return firstFailure
  return {
    witnessed: {
      ...witnessedBy(report),
      ...(good !== undefined && { good }),
      ...(firstFailure !== undefined && { firstFailure }),
    },
    headers: new Map(),
    ...(revision !== null && { revision }),
  }
}

function witnessedBy({ request, outcome, time, code, reason, revision }: ExchangeReport): Witnessed {
  const { method, host, path } = request
  return {
    request: { method, host, path },
    ...(outcome !== 'ok' && { failed: { time, code, reason, revision } }),
  }
}

function hostName(authority: string): string {
  return authority.replace(/:\d+$/, '').toLowerCase()
}
