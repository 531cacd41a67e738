// What `kanali why` says, in words.

import type { WhyReport } from './why.ts'

/** What is known beside the journal: an exchange that failed, and one of the same route that went well before. */
export interface Witnessed {
  readonly request: { readonly method: string; readonly host: string; readonly path: string }
  /** Absent for a request that was only asked about. */
  readonly failed?: {
    readonly time: string | null
    readonly code: string | null
    readonly reason: string | null
    /** That it ran under, where it is known. */
    readonly revision: number | null
  }
  readonly good?: SeenExchange
  /** The first since then that failed for the same reason. */
  readonly firstFailure?: SeenExchange
}

interface SeenExchange {
  readonly time: string
  readonly revision: number
  readonly trace_id: string
}

/**
 * True where the request failed although the decision serves it, as it did for one of the same route that went well. One
 * that went well under a later revision proves nothing: the fault may have been mended in between.
 */
export function isUnchanged({ event, after }: WhyReport, { good, failed }: Witnessed): boolean {
  if (failed === undefined || after.outcome !== 'ok') return false
  if (event === null) return true
  if (good === undefined || good.revision < after.revision) return false
  return failed.revision === null || good.revision <= failed.revision
}

export function whyText(report: WhyReport, witnessed: Witnessed): string {
  const { request, failed } = witnessed
  const lines = [`${request.method} ${request.host}${request.path}`]
  if (failed !== undefined) {
    const how =
      failed.code === null
        ? (failed.reason ?? 'it did not end well')
        : `code ${failed.code}, ${failed.reason}`
    lines.push(`It failed${failed.time === null ? '' : ` at ${failed.time}`}: ${how}.`)
  }
  lines.push('')
  lines.push(...(isUnchanged(report, witnessed) ? unchangedLines(report, witnessed) : changeLines(report)))
  return `${lines.join('\n')}\n`
}

function changeLines({ before, after, event, diff, firstRevision }: WhyReport): string[] {
  if (event === null || before === null) {
    return [
      `No change of configuration made it so: the decision is the same since revision ${firstRevision}, the first of the journal.`,
      `  decision  ${after.said}`,
    ]
  }
  const what = event.name === null ? `what is known of ${event.kind}` : `${event.kind} ${nameOf(event)}`
  const who = event.kind === null ? event.type : `${what} was ${verbOf(event.type)}`
  const by =
    event.manager === null
      ? ''
      : `, by ${event.manager}${event.changedAt === null ? '' : ` (${event.changedAt})`}`
  return [
    `One change made the decision what it is: ${who}.`,
    `  when      ${event.time}${by}`,
    `  revision  ${after.revision}${event.resourceVersion === null ? '' : `, resourceVersion ${event.resourceVersion}`}`,
    `  before    ${before.said}`,
    `  after     ${after.said}`,
    ...(diff.length === 0 ? [] : ['', 'What changed in the object']),
    ...diff.map(({ path, from, to }) => `  ${path}: ${from ?? '(absent)'} -> ${to ?? '(absent)'}`),
    ...undoLines(event),
  ]
}

function undoLines({ kind, namespace, name }: NonNullable<WhyReport['event']>): string[] {
  if (kind === null || name === null || kind === 'Plugins') return []
  const where = namespace === null || namespace === '' ? '' : ` -n ${namespace}`
  return [
    '',
    'Look at it',
    `  kubectl get ${kind.toLowerCase()} ${name}${where} -o yaml --show-managed-fields`,
  ]
}

function unchangedLines({ after }: WhyReport, { good, failed, firstFailure }: Witnessed): string[] {
  const reason = failed?.reason ?? null
  return [
    'The configuration did not change.',
    `  decision  ${after.said}`,
    `  so        the upstream did, or the network on the way to it, or a limit${reason === null ? '' : `: ${reason}`}`,
    ...(firstFailure === undefined
      ? []
      : [`  since     ${seenText(firstFailure)}, the first that failed so`]),
    ...(good === undefined ? [] : [`  before    ${seenText(good)}, of the same route, went well`]),
  ]
}

function seenText({ time, revision, trace_id }: SeenExchange): string {
  return `${time}: trace ${trace_id} (revision ${revision})`
}

function nameOf({ namespace, name }: NonNullable<WhyReport['event']>): string {
  return namespace === null || namespace === '' ? (name ?? '') : `${namespace}/${name}`
}

function verbOf(type: string): string {
  switch (type) {
    case 'upserted':
      return 'written'
    case 'deleted':
      return 'deleted'
    default:
      return `changed (${type})`
  }
}
