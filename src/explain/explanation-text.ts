// An explanation in words, for a terminal. Every text of a request, an object or another program is escaped: it stays on
// its line and shows nothing but itself.

import { ERROR_FACTS } from '../errors/catalogue.ts'
import { BLAMED } from '../errors/document.ts'
import { lineText } from '../telemetry/visible-text.ts'
import type { CandidateFacts } from './route-facts.ts'
import type { ExchangeReport, Step } from './exchange-report.ts'

const NAMED_MAX = 12

/** Several lines, with a line end at the end. */
export function explanationText(report: ExchangeReport): string {
  const parts = [
    heading(report),
    verdict(report),
    fault(report),
    section('Step by step', report.steps.map(stepLine)),
    section('Routes that were considered', candidateLines(report)),
    section(configurationTitle(report), objectLines(report)),
    checks(report),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function heading({ trace_id: trace, span_id: span, request, time, timing }: ExchangeReport): string {
  const { method, scheme, host, path, query, port } = request
  const authority =
    host === '' ? '' : `${host.includes(':') ? `[${host}]` : host}${port === 0 ? '' : `:${port}`}`
  const url = `${scheme === '' ? '' : `${scheme}://`}${authority}${path}${query === '' ? '' : `?${query}`}`
  const line = lineText(`${method === '' ? '(no method)' : method} ${url}`)
  if (trace === null) return `${line}\ndecided on, not sent`
  const when = time === null ? '' : `, ${lineText(time)}`
  const took = timing.total_ms === null ? '' : `, ${timing.total_ms} ms`
  return `${line}\ntrace ${lineText(trace)}, server span ${lineText(span ?? 'unknown')}${when}${took}`
}

function verdict(report: ExchangeReport): string {
  const { outcome, status, code, reason, detail, trace_id: trace } = report
  const shown = status === null ? '' : `status ${status}`
  switch (outcome) {
    case 'ok':
      if (trace === null && status === null) return 'It would be sent on.'
      return status !== null && status >= 500
        ? `It was served: ${shown}, which is the upstream's own answer.`
        : `It ${trace === null ? 'would be answered' : 'was served'}: ${shown}.`
    case 'client_closed':
      return 'The client went away before it was over. Nothing failed here.'
    case 'rejected':
      return lineText(`HTTP refuses it: ${shown}, reason ${reason}. It has no code.`)
    case 'error':
    default: {
      const means = ERROR_FACTS.find((fact) => fact.reason === reason)?.means ?? ''
      const would = trace === null ? 'It would fail' : 'It failed'
      return [`${would}: ${shown}, code ${code}, reason ${reason}.`, means, detail]
        .filter((line) => line !== '')
        .map(lineText)
        .join('\n')
    }
  }
}

function fault({ blame, cause }: ExchangeReport): string {
  const lines = blame === null ? [] : [`Whose fault: ${blame} - ${blameText(blame)}.`]
  if (cause !== null) {
    const namespace = cause.namespace === '' ? '' : `${cause.namespace}/`
    lines.push(`It lies in ${cause.kind} ${namespace}${cause.name}, field ${cause.field}.`)
  }
  return lines.map(lineText).join('\n')
}

function blameText(blame: string): string {
  const known = Object.entries(BLAMED).find(([name]) => name === blame)
  return known?.[1] ?? 'unknown'
}

function stepLine({ name, start_ms: start, duration_ms: duration, note }: Step): string {
  const at = start === null ? '' : `${start.toFixed(3)} ms`
  const took = duration === null ? '' : `+${duration.toFixed(3)}`
  return `  ${at.padStart(13)} ${took.padStart(10)}  ${name.padEnd(8)}  ${lineText(note)}`
}

function candidateLines({ candidates, candidates_cut: cut }: ExchangeReport): string[] {
  const width = Math.max(0, ...candidates.slice(0, NAMED_MAX).map(({ apiproxy }) => apiproxy.length))
  const lines = candidates.slice(0, NAMED_MAX).map((candidate) => `  ${candidateLine(candidate, width)}`)
  if (candidates.length > NAMED_MAX) lines.push(`  and ${candidates.length - NAMED_MAX} more`)
  if (cut) lines.push('  (the snapshot of that revision is kept no longer: some may be missing)')
  return lines
}

function candidateLine(
  { apiproxy, verdict, path, virtual_host: host }: CandidateFacts,
  width: number,
): string {
  const place = `${path}${host === null ? '' : ` for host ${host}`}`
  return lineText(`${apiproxy.padEnd(width)}  ${verdict.padEnd(20)}  ${place}`)
}

function configurationTitle({ revision, hash, stale }: ExchangeReport): string {
  if (revision === null) return ''
  const old = stale ? ', whose source was not heard at the time' : ''
  return lineText(`Configuration: revision ${revision}, hash ${hash}${old}`)
}

function objectLines({ objects, missing, revision }: ExchangeReport): string[] {
  if (revision === null) return []
  const named = objects.map(({ kind, namespace, name, role, resourceVersion }) => {
    const version = resourceVersion === null ? '' : `resourceVersion ${resourceVersion}`
    return lineText(`  ${`${kind} ${namespace}/${name}`.padEnd(44)}  ${role.padEnd(9)}  ${version}`).trimEnd()
  })
  const gone = missing.map(({ kind, namespace, name }) =>
    lineText(`  ${`${kind} ${namespace}/${name}`.padEnd(44)}  is not there`),
  )
  const versions = objects.some(({ resourceVersion }) => resourceVersion !== null)
  const note = '  (a resourceVersion is that of the last change of content that the gateway has seen)'
  return [...named, ...gone, ...(versions ? [note] : [])]
}

function checks({ checks: commands, reason, outcome }: ExchangeReport): string {
  const catalogue = outcome === 'error' ? ERROR_FACTS.find((fact) => fact.reason === reason) : undefined
  const lines = commands.map((command) => `  ${lineText(command)}`)
  if (catalogue === undefined) return section('What to look at', lines)
  return ['What to check next', wrapped(catalogue.check), ...lines].join('\n')
}

function section(title: string, lines: readonly string[]): string {
  if (title === '') return ''
  return lines.length === 0 && !title.startsWith('Configuration') ? '' : [title, ...lines].join('\n')
}

const COLUMNS = 96

/** Words in lines of a terminal's width, indented by two. */
export function wrapped(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= COLUMNS) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((each) => `  ${each}`).join('\n')
}
