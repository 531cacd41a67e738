// The runbook of one alert that is not about a single code. When it fires, how urgently, and on which board it is seen is
// taken from the alert itself.

import { codeText } from '../../src/errors/catalogue.ts'
import { ALERTS } from '../alerts/groups.ts'
import type { Alert } from '../alerts/rule.ts'
import { DASHBOARD_BASE, DASHBOARDS, type DashboardUid, dashboardUrl } from '../links.ts'
import type { AlertAdvice } from './advice.ts'
import { capital, causes, firstThree, GENERATED_NOTE, link, table } from './markdown.ts'
import { ALERTS_PAGE, boardLink } from './places.ts'

/** Throws where no alert has the name that the advice is on. */
export function alertPage(advice: AlertAdvice): string {
  const { name, means, hit, tell, codes = [], more = [] } = advice
  const alert = ALERTS.find((one) => one.name === name)
  if (alert === undefined) throw new Error(`no alert is called ${name}`)
  const board = boardOf(alert)
  const links = [
    `alert \`${name}\` in ${link('alerts', ALERTS_PAGE)}`,
    `board ${boardLink(board)} at \`${dashboardUrl(board)}\``,
    ...codes.map((code) => link(`runbook of code ${codeText(code)}`, `code-${codeText(code)}.md`)),
    ...codes.map((code) => link(`error page ${codeText(code)}`, `../errors.md#${codeText(code)}`)),
    ...more.map((page) => link(page, `../${page}`)),
  ]
  return [
    `# Runbook: ${name}\n\n${GENERATED_NOTE}\n`,
    `${table(
      ['', ''],
      [
        ['It means', means],
        ['Who is hit', hit],
        ['Fires when', `${capital(alert.when)}. ${severitiesOf(alert)}`],
        ['Told from others', tell],
        ['Links', links.join(' · ')],
      ],
    )}\n`,
    firstThree(advice.first),
    `## Causes and fixes\n\n${causes(advice.causes)}\n`,
  ].join('\n')
}

/** `Severity: \`page\`, \`ticket\`; blame: \`gateway\`.` */
export function severitiesOf({ levels }: Alert): string {
  const severities = [...new Set(levels.map(({ severity }) => `\`${severity}\``))]
  const blames = [...new Set(levels.flatMap(({ blame }) => (blame === undefined ? [] : [`\`${blame}\``])))]
  const whose = blames.length === 0 ? 'as the label says' : blames.join(', ')
  return `Severity: ${severities.join(', ')}; blame: ${whose}.`
}

/** The board that the alert leads to. */
function boardOf({ name, dashboard }: Alert): DashboardUid {
  const uid = dashboard.slice(DASHBOARD_BASE.length + 1).split('?')[0] ?? ''
  if (!Object.hasOwn(DASHBOARDS, uid)) throw new Error(`${name} leads to ${dashboard}, which is no board`)
  return uid as DashboardUid
}
