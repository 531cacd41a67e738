// The catalogue's page in the terminal: `kanali explain 08`, `kanali explain connection_refused`. All of it is our own
// text; what there is to say of a code or a reason belongs into its entry.

import { CATALOGUE, codeText, ERROR_FACTS, type ErrorFact } from '../errors/catalogue.ts'
import type { CatalogueEntry } from '../errors/catalogue-entry.ts'
import { BLAMED } from '../errors/document.ts'
import { REJECTIONS } from '../errors/rejections.ts'
import { wrapped } from './explanation-text.ts'

/** What the catalogue says about a code, or about one reason. */
export type CataloguePage =
  | { readonly type: 'code'; readonly entry: CatalogueEntry }
  | { readonly type: 'reason'; readonly fact: ErrorFact }
  | { readonly type: 'rejection'; readonly rejection: (typeof REJECTIONS)[number] }

/** @param asked a code of one or two digits, or a reason; undefined where there is none of that name */
export function cataloguePage(asked: string): CataloguePage | undefined {
  if (/^\d{1,2}$/.test(asked)) {
    const entry = CATALOGUE.find(({ code }) => code === Number(asked))
    return entry === undefined ? undefined : { type: 'code', entry }
  }
  const fact = ERROR_FACTS.find(({ reason }) => reason === asked)
  if (fact !== undefined) return { type: 'reason', fact }
  const rejection = REJECTIONS.find(({ reason }) => reason === asked)
  return rejection === undefined ? undefined : { type: 'rejection', rejection }
}

export function catalogueText(page: CataloguePage): string {
  switch (page.type) {
    case 'code':
      return codePage(page.entry)
    case 'reason':
      return reasonPage(page.fact)
    case 'rejection':
    default:
      return rejectionPage(page.rejection)
  }
}

/** The same as JSON. */
export function catalogueJson(page: CataloguePage): object {
  if (page.type === 'code') return { ...page.entry, code: codeText(page.entry.code) }
  if (page.type === 'rejection') return { code: null, ...page.rejection }
  const { codeText: code, status, message, reason, blame, means, check, proxyStatus } = page.fact
  return { code, status, message, reason, blame, means, check, proxyStatus }
}

function codePage(entry: CatalogueEntry): string {
  const { code, status, message, means, check, reasons } = entry
  const width = Math.max(0, ...reasons.map(({ reason }) => reason.length))
  const list = reasons.map(
    ({ reason, blame, means: each }) => `  ${reason.padEnd(width)}  ${blame.padEnd(8)}  ${each}`,
  )
  return [
    `Code ${codeText(code)}, status ${status}: ${message}`,
    '',
    means,
    '',
    'Finding the cause',
    wrapped(check),
    ...(list.length === 0 ? [] : ['', 'Reasons, whose fault, what they mean', ...list]),
    ...(list.length === 0 ? [] : ['', 'kanali explain REASON tells what to check for one of them.']),
    '',
  ].join('\n')
}

function reasonPage({ codeText: code, status, message, reason, blame, means, check }: ErrorFact): string {
  return [
    `${reason}: code ${code}, status ${status}`,
    `Clients read: ${message}`,
    '',
    means,
    `Whose fault: ${blame} - ${BLAMED[blame]}.`,
    '',
    'Finding the cause',
    wrapped(check),
    '',
    'Signals',
    `  span    kanali.error.code="${code}" kanali.error.reason="${reason}"`,
    `  metric  kanali_errors_total{code="${code}",reason="${reason}",blame="${blame}"}`,
    `  log     jq 'select(.reason == "${reason}")' access.log`,
    `  debug   curl -s 'http://127.0.0.1:9090/debug/exchanges?reason=${reason}'`,
    '',
  ].join('\n')
}

function rejectionPage({ reason, status, means, closes }: (typeof REJECTIONS)[number]): string {
  return [
    `${reason}: rejected, status ${status}, no code`,
    '',
    means,
    closes ? 'The connection is closed after the answer.' : 'The connection stays open.',
    '',
    'Signals',
    `  span    kanali.outcome="rejected" kanali.rejected.reason="${reason}"`,
    `  metric  kanali_rejected_total{reason="${reason}"}`,
    `  log     jq 'select(.reason == "${reason}")' access.log`,
    '',
  ].join('\n')
}
