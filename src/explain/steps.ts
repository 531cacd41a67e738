// What happened to a request, step by step, in words and times.

import { REJECTIONS } from '../errors/rejections.ts'
import type { ExchangeFacts, PluginDecision, ReportedAttempt, Step } from './exchange-report.ts'

export function stepsOf(facts: ExchangeFacts): readonly Step[] {
  const steps = [...admission(facts), ...matching(facts), ...plugins(facts), ...target(facts)]
  return [...steps, ...facts.attempts.flatMap((attempt) => upstream(attempt, facts)), ...ending(facts)]
}

function admission({ outcome, reason }: ExchangeFacts): Step[] {
  if (outcome !== 'rejected') return []
  const means = REJECTIONS.find((entry) => entry.reason === reason)?.means ?? ''
  return [step('admit', 0, null, `HTTP refuses it: ${reason}. ${means}`.trimEnd())]
}

function matching(facts: ExchangeFacts): Step[] {
  const { apiproxy, route, candidates, revision, code, detail } = facts
  if (apiproxy === null)
    return code === '00' ? [step('match', 0, null, `no ApiProxy takes it: ${detail}`)] : []
  const host = route?.virtual_host ?? null
  const at = route === null ? '' : ` at ${route.path}${host === null ? '' : ` for host ${host}`}`
  const others = candidates.filter(
    ({ verdict }) => verdict === 'shorter' || verdict === 'exact host preferred',
  )
  const beside = others.length === 0 ? '' : `, before ${others.map((other) => other.apiproxy).join(', ')}`
  const under = revision === null ? '' : `, under revision ${revision}`
  return [
    step('match', 0, null, `ApiProxy ${apiproxy.namespace}/${apiproxy.name}${at} takes it${beside}${under}`),
  ]
}

function plugins({ plugins: all, timing }: ExchangeFacts): Step[] {
  if (all.length === 0) return []
  return [step('plugins', null, timing.plugins_ms, all.map(pluginNote).join('; '))]
}

function pluginNote({ name, version, decision, method }: PluginDecision): string {
  const title = version === null ? name : `${name} ${version}`
  return method === null || decision === 'passed'
    ? `${title} ${decision}`
    : `${title} ${decision} in ${method}`
}

/** What the gateway answers by itself, or would do with a request that was only decided on. */
function target({ target: type, trace_id: trace, outcome, status, timing }: ExchangeFacts): Step[] {
  if (outcome !== 'ok') return []
  if (type === 'mock') return [step('mock', timing.responded_ms, null, `a MockTarget answers ${status}`)]
  if (trace === null)
    return [step('forward', null, null, 'it would be sent to its upstream; nothing was sent')]
  return []
}

function upstream(attempt: ReportedAttempt, { detail }: ExchangeFacts): Step[] {
  const { endpoint, start_ms: start, head_ms: head, end_ms: end, status, reason } = attempt
  const whole = step('upstream', start, between(start, head ?? end), '')
  if (head === null) {
    const note =
      reason === null ? 'given up before an answer' : `${reason}${detail === '' ? '' : `: ${detail}`}`
    return [{ ...whole, note: `${endpoint}: ${note}` }]
  }
  const answered = { ...whole, note: `${endpoint} answered ${status}` }
  const streamed = reason === null ? 'its content' : `its content broke off: ${reason}`
  return [answered, step('content', head, between(head, end), streamed)]
}

function ending(facts: ExchangeFacts): Step[] {
  const { outcome, status, truncated, timing, trace_id: trace } = facts
  const { responded_ms: responded, total_ms: total } = timing
  const start = responded ?? total
  const duration = responded === null || total === null ? null : between(responded, total)
  if (outcome === 'client_closed')
    return [step('end', total, null, 'the client went away before it was over')]
  const failure = outcome === 'error' ? [step('fail', start, null, failureNote(facts))] : []
  if (trace === null) return failure
  if (truncated)
    return [...failure, step('end', total, null, 'the answer was under way: the connection was reset')]
  return [
    ...failure,
    step('answer', start, duration, status === null ? 'nothing was sent' : `status ${status}`),
  ]
}

/** With the detail where no step before has said it. */
function failureNote({ code, reason, blame, detail, attempts }: ExchangeFacts): string {
  const said = detail === '' || attempts.length > 0 || code === '00'
  return `code ${code}, ${reason}, fault of ${blame}${said ? '' : `: ${detail}`}`
}

function step(name: string, start: number | null, duration: number | null, note: string): Step {
  return { name, start_ms: start, duration_ms: duration, note }
}

function between(from: number, to: number): number {
  return Math.max(0, Math.round((to - from) * 1000) / 1000)
}
