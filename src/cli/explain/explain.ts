// What `kanali explain` does: finds the explanation of a code, a reason, a trace or a request, or says why there is none.

import { type AskedText, explainAsked } from '../../admin/asked-request.ts'
import { catalogueJson, cataloguePage, catalogueText } from '../../explain/catalogue-text.ts'
import type { Options } from '../../config/options.ts'
import { explanationOf } from '../../explain/explanation.ts'
import { explanationText } from '../../explain/explanation-text.ts'
import type { ExchangeReport } from '../../explain/exchange-report.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import { maskOf } from '../../telemetry/masking.ts'
import { jsonText, lineText } from '../../telemetry/visible-text.ts'
import { DEFAULT_GATEWAY } from './default-gateway.ts'
import { snapshotOfFolder, unusableLines } from './folder-snapshot.ts'
import { snapshotOfJournal } from './journal-snapshot.ts'
import { askDecision, askTrace } from './gateway-client.ts'
import { readTrace } from './otlp-file.ts'
import { refuse, type Refused } from './refusal.ts'

export interface ExplainOptions {
  readonly request?: string
  readonly header: readonly string[]
  readonly gateway?: string
  readonly directory?: string
  readonly journal?: string
  readonly at?: string
  readonly otlpJson?: string
  readonly output: string
}

/** What goes to standard output; why nothing does. */
export async function explain(what: string | undefined, options: ExplainOptions): Promise<string | Refused> {
  const wrong = misuse(what, options)
  if (wrong !== undefined) return refuse('usage', wrong)
  if (what === undefined) return explainRequest(options)
  const traceId = traceIdOf(what)
  if (traceId === undefined) return explainEntry(what, options)
  const { otlpJson, gateway = DEFAULT_GATEWAY } = options
  const reports = await (otlpJson === undefined ? askTrace(gateway, traceId) : readTrace(otlpJson, traceId))
  return 'refused' in reports ? reports : shown(reports, options)
}

/** One line where the options do not go together. */
function misuse(what: string | undefined, options: ExplainOptions): string | undefined {
  const { request, header, gateway, directory, journal, at, otlpJson, output } = options
  if (output !== 'text' && output !== 'json') return '--output is text or json'
  if ((what === undefined) === (request === undefined)) return 'explain takes either WHAT or --request'
  if (request === undefined) {
    if (header.length > 0) return '--header goes with --request'
    if (directory !== undefined) return '--directory goes with --request'
    if (journal !== undefined) return '--journal goes with --request'
    return gateway !== undefined && otlpJson !== undefined
      ? 'give either --gateway or --otlp-json'
      : undefined
  }
  if (otlpJson !== undefined) return '--otlp-json goes with a trace id'
  if (at !== undefined && journal === undefined) return '--at goes with --journal'
  return [gateway, directory, journal].filter((given) => given !== undefined).length > 1
    ? 'give one of --gateway, --directory and --journal'
    : undefined
}

function explainEntry(what: string, { output }: ExplainOptions): string | Refused {
  const page = cataloguePage(what)
  if (page !== undefined)
    return output === 'json' ? `${JSON.stringify(catalogueJson(page))}\n` : catalogueText(page)
  return refuse('not found', `"${what}" is no code, no reason and no trace id; codes are 00 to 14`)
}

async function explainRequest(options: ExplainOptions): Promise<string | Refused> {
  const { request = '', header, directory, journal, at, gateway = DEFAULT_GATEWAY } = options
  const headers = header.map(pairOf)
  if (!headers.every((pair) => pair !== undefined)) return refuse('usage', '--header is NAME: VALUE')
  const asked: AskedText = { request, headers }
  const report = await (journal !== undefined
    ? decideBy(snapshotOfJournal(journal, at), asked)
    : directory === undefined
      ? askDecision(gateway, asked)
      : decideByFolder(directory, asked))
  return 'refused' in report ? report : shown([report], options)
}

async function decideByFolder(directory: string, asked: AskedText): Promise<ExchangeReport | Refused> {
  const folder = await snapshotOfFolder(directory)
  if ('refused' in folder) return folder
  for (const line of unusableLines(folder.snapshot)) process.stderr.write(`kanali: ${lineText(line)}\n`)
  return decideBy(folder, asked)
}

function decideBy(
  found: { readonly snapshot: Snapshot; readonly options: Options } | Refused,
  asked: AskedText,
): ExchangeReport | Refused {
  if ('refused' in found) return found
  const { snapshot, options } = found
  const report = explainAsked(snapshot, asked, {
    mask: maskOf(options),
    maxHeaderCount: options['server.max_header_count'],
  })
  return 'problem' in report ? refuse('usage', report.problem) : report
}

function shown(reports: readonly ExchangeReport[], { output }: ExplainOptions): string {
  if (output === 'json') return reports.map((report) => `${jsonText(explanationOf(report))}\n`).join('')
  const texts = reports.map(explanationText)
  if (texts.length === 1) return texts.join('')
  return `${texts.length} requests of this trace, the oldest first\n\n${texts.join(`\n${'-'.repeat(72)}\n\n`)}`
}

/** A trace id, or that of a whole `traceparent`; undefined where it is neither. */
function traceIdOf(what: string): string | undefined {
  return /^(?:[0-9a-f]{2}-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?$/i
    .exec(what.trim())?.[1]
    ?.toLowerCase()
}

function pairOf(header: string): readonly [string, string] | undefined {
  const colon = header.indexOf(':')
  return colon < 1 ? undefined : [header.slice(0, colon).trim(), header.slice(colon + 1).trim()]
}
