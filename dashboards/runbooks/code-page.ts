// The runbook of one code. What the catalogue says (means, check, blame, reasons) is taken from it; what a person adds is
// in the advice. No text of either is written here.

import { BLAMES, type CatalogueEntry, type ReasonEntry } from '../../src/errors/catalogue-entry.ts'
import { CATALOGUE, codeText } from '../../src/errors/catalogue.ts'
import { BLAMED } from '../../src/errors/document.ts'
import { nameOfCodeAlert } from '../alerts/code-alerts.ts'
import { ALERTS } from '../alerts/groups.ts'
import { dashboardUrl } from '../links.ts'
import type { AnyCodeAdvice, ReasonAdvice } from './advice.ts'
import { ALERT_ADVICE } from './alert-advice.ts'
import { CODE_ADVICE } from './code-advice.ts'
import { ALERTS_PAGE, boardLink, pageOfAlert } from './places.ts'
import { capital, causes, firstThree, GENERATED_NOTE, link, lookBlock, table } from './markdown.ts'

/** The page of a code, 0 to 14. */
export function codePage(code: keyof typeof CODE_ADVICE): string {
  const entry: CatalogueEntry = CATALOGUE[code]
  const advice: AnyCodeAdvice = CODE_ADVICE[code]
  const digits = codeText(code)
  const adviceOf = (reason: string): ReasonAdvice => {
    const found = advice.reasons[reason]
    if (found === undefined) throw new Error(`no advice on the reason ${reason}`)
    return found
  }
  const sections = entry.reasons.map((cause) => reasonSection(cause, adviceOf(cause.reason)))
  return [
    `# Runbook: code ${digits}\n\n${GENERATED_NOTE}\n`,
    `${summary(entry, advice)}\n`,
    firstThree(advice.first),
    tellApart(entry, adviceOf),
    ...(entry.reasons.some(({ blame }) => blame === 'config') ? [whichChange(digits)] : []),
    `## Reasons, causes, fixes\n`,
    ...sections,
  ].join('\n')
}

function summary(entry: CatalogueEntry, advice: AnyCodeAdvice): string {
  const { status, message, means, check } = entry
  return table(
    ['', ''],
    [
      ['Clients see', `status ${status}, \`"code":${entry.code}\`: ${message}`],
      ['It means', means],
      ['Who is hit', advice.hit],
      ['First minute', advice.stop],
      ['Whose fault', blames(entry)],
      ['Check', check],
      ['Alert', alertOf(entry)],
      ['Links', links(entry, advice)],
    ],
  )
}

function blames({ reasons }: CatalogueEntry): string {
  return BLAMES.flatMap((blame) => {
    const count = reasons.filter((cause) => cause.blame === blame).length
    return count === 0 ? [] : [`\`${blame}\` (${count} of ${reasons.length} reasons)`]
  }).join(', ')
}

/** How urgent it is, by blame. */
function alertOf({ code }: CatalogueEntry): string {
  const name = nameOfCodeAlert(code)
  const alert = ALERTS.find((one) => one.name === name)
  if (alert === undefined) throw new Error(`no alert is called ${name}`)
  const blamed = Object.entries(Object.groupBy(alert.levels, ({ blame = 'client' }) => blame))
  const levels = blamed.map(
    ([blame, of]) => `blame \`${blame}\`: ${of.map(({ severity }) => severity).join(', ')}`,
  )
  return `\`${name}\`, where too large a share of all requests ends so. ${capital(levels.join('; '))}.`
}

function links({ code }: CatalogueEntry, { more }: AnyCodeAdvice): string {
  const digits = codeText(code)
  const beside = ALERT_ADVICE.filter(({ codes = [] }) => codes.includes(code))
  return [
    link(`error page ${digits}`, `../errors.md#${digits}`),
    `board ${boardLink('kanali-errors')} at \`${dashboardUrl('kanali-errors', { 'var-code': digits })}\``,
    `alert \`${nameOfCodeAlert(code)}\` in ${link('alerts', ALERTS_PAGE)}`,
    ...beside.map(({ name }) => `alert ${link(name, pageOfAlert(name))}`),
    ...more.map((page) => link(page, `../${page}`)),
  ].join(' · ')
}

function tellApart(entry: CatalogueEntry, adviceOf: (reason: string) => ReasonAdvice): string {
  const digits = codeText(entry.code)
  const signals = table(
    ['signal', `requests of code ${digits}`],
    [
      [
        'metric',
        `\`sum by (reason, blame) (rate(kanali_errors_total{code="${digits}"}[5m]))\`; its exemplars are traces`,
      ],
      ['by ApiProxy', `\`sum by (namespace, apiproxy) (rate(kanali_requests_total{code="${digits}"}[5m]))\``],
      [
        'trace',
        `\`{ span.kanali.error.code = "${digits}" }\`; then \`kanali.error.reason\`, \`kanali.error.detail\``,
      ],
      ['log line', `\`code\` is \`"${digits}"\`; then \`reason\`, \`apiproxy\`, \`upstream\`, \`revision\``],
    ],
  )
  const isCompiled = entry.reasons.some(({ reason }) => adviceOf(reason).condition !== undefined)
  const rows = entry.reasons.map(({ reason, blame }) => {
    const { detail, condition, tell } = adviceOf(reason)
    const known = condition === undefined ? '' : `\`${condition}\``
    return [
      link(`\`${reason}\``, `#${reason}`),
      `\`${blame}\``,
      detail === undefined ? '' : `\`${detail.trim()}\``,
      ...(isCompiled ? [known] : []),
      tell,
    ]
  })
  const head = ['reason', 'blame', 'the detail has', ...(isCompiled ? ['condition'] : []), 'and']
  return `## Which reason is it\n\n${signals}\n\n${table(head, rows)}\n`
}

function whichChange(digits: string): string {
  const look = {
    says: 'for the blame `config`: the change that made the decision what it is, and who made it',
    run: 'kanali why <trace id> --journal <journal>',
    shows: [`code ${digits}`],
  }
  return `## Which change was it\n\n${lookBlock(look)}`
}

function reasonSection(cause: ReasonEntry, { causes: rows, look = [] }: ReasonAdvice): string {
  const { reason, blame, means, check } = cause
  return [
    `<a id="${reason}"></a>\n### \`${reason}\`\n`,
    `${means} Blame: \`${blame}\` (${BLAMED[blame]}). ${link('Signals', `../errors.md#${reason}`)}\n`,
    `${causes(rows)}\n`,
    `**Check.** ${check}\n`,
    ...look.map((one) => lookBlock(one)),
  ].join('\n')
}
