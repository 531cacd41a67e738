// The row of one code on the board Errors: what it means and how its cause is found, all of its reasons with their
// numbers, its rate by reason with exemplars, and the ApiProxies that it hits. Everything said of a code is the catalogue's.

import { codeText } from '../../src/errors/catalogue.ts'
import type { CatalogueEntry } from '../../src/errors/catalogue-entry.ts'
import { METRIC } from '../../src/telemetry/names.ts'
import { factsOf, reasonMeans } from '../catalogue-text.ts'
import { reasonColours } from '../colours.ts'
import { boardLink, cell, logsLink, pageLink, seriesLabel, tracesLink } from '../explore-links.ts'
import type { Panel, Row } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { prose } from '../kinds/prose.ts'
import { table } from '../kinds/table.ts'
import { runbookOfCode } from '../links.ts'
import { copyLabel, counted, rate, select, since, sum } from '../promql.ts'
import { rows, withExemplars } from '../queries.ts'
import { blameColumn, reasonColumn } from './failures.ts'

/** Closed until somebody opens it: fifteen of them read like a table of contents. */
export function codeRow(entry: CatalogueEntry): Row {
  const code = codeText(entry.code)
  return {
    title: `${code} · ${entry.status} · ${entry.message}`,
    collapsed: true,
    panels: [meaning(entry, code), reasons(entry, code), overTimeByReason(entry, code), apiproxies(code)],
  }
}

function meaning(entry: CatalogueEntry, code: string): Panel {
  return prose(
    {
      w: 6,
      h: 10,
      title: `What ${code} means`,
      description: `Code ${code} as the catalogue of errors has it. The links in the corner lead to its runbook, its traces and its log lines.`,
      links: codeLinks(code),
    },
    `**HTTP ${entry.status}.** ${entry.means}

**Finding the cause.** ${entry.check}

**Whose fault**, by reasons: ${blames(entry)}.

**Next.** Click the reason that rises for its [runbook](${runbookOfCode(code)}) and its traces. One request, on the gateway: \`kanali explain <trace id>\`; the change behind it: \`kanali why <trace id>\`; this code in words: \`kanali explain ${code}\`.
`,
  )
}

/** `upstream (21 of 25)`, the most first. */
function blames({ reasons: causes }: CatalogueEntry): string {
  const counts = Map.groupBy(causes, ({ blame }) => blame)
  return [...counts]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([blame, some]) => `**${blame}** (${some.length} of ${causes.length})`)
    .join(', ')
}

function reasons(entry: CatalogueEntry, code: string): Panel {
  const labels = ['code', 'reason', 'blame'] as const
  const errors = select(METRIC.errors, `code="${code}"`)
  const perSecond = sum(rate(errors), ...labels)
  return table({
    w: 18,
    h: 10,
    title: `Reasons of ${code}`,
    description: `All ${entry.reasons.length} reasons of code ${code}, also those that were not seen. **Since**: when it was last absent; empty where it is over, or older than the time shown. Click a reason for its runbook, its traces and its log lines.`,
    queries: [
      rows(copyLabel(sum(counted(errors), ...labels), 'reason', 'means')),
      rows(`${perSecond} > 0`),
      rows(since(perSecond)),
    ],
    columns: [
      reasonColumn(code),
      { of: 'means', title: 'What happened', mappings: reasonMeans(factsOf(entry.code)) },
      blameColumn(),
      { of: 'B', title: 'Now', unit: 'reqps', width: 100, noValue: '0 req/s' },
      { of: 'A', title: 'Count', unit: 'short', decimals: 0, width: 80 },
      { of: 'C', title: 'Since', unit: 'dateTimeFromNow', width: 130 },
    ],
    sortBy: 'Count',
  })
}

function overTimeByReason({ code: number }: CatalogueEntry, code: string): Panel {
  const errors = select(METRIC.errors, `code="${code}"`)
  return graph({
    w: 14,
    h: 9,
    title: `Reasons of ${code} over time`,
    description: `Errors a second with code ${code}, by reason, coloured by whose fault it is. Points are exemplars: each leads to the trace of one of these requests.`,
    unit: 'reqps',
    queries: [withExemplars(sum(rate(errors), 'reason'), '{{reason}}')],
    stacked: true,
    colours: reasonColours(factsOf(number)),
    seriesLinks: [
      pageLink('Runbook of this reason', `${runbookOfCode(code)}#${seriesLabel('reason')}`),
      tracesLink('Traces with this reason', { errorReason: seriesLabel('reason') }),
      logsLink('Log lines with this reason', { reason: seriesLabel('reason') }),
    ],
    legend: 'right',
  })
}

function apiproxies(code: string): Panel {
  const place = ['namespace', 'apiproxy'] as const
  const failed = select(METRIC.requests, `code="${code}"`)
  const values = { namespace: cell('Namespace'), apiproxy: cell('ApiProxy') }
  return table({
    w: 10,
    h: 9,
    title: `ApiProxies that ${code} hits`,
    description: `Errors with code ${code} in the time shown, and a second now, by ApiProxy. Without a name: requests that matched none. Click one for its board, its traces and its log lines.`,
    queries: [rows(`${sum(counted(failed), ...place)} > 0`), rows(`${sum(rate(failed), ...place)} > 0`)],
    columns: [
      { of: 'namespace', title: 'Namespace', width: 130 },
      {
        of: 'apiproxy',
        title: 'ApiProxy',
        links: [
          boardLink('This ApiProxy', 'kanali-apiproxy', values),
          tracesLink(`Its traces with ${code}`, {
            errorCode: code,
            apiproxyNamespace: values.namespace,
            apiproxyName: values.apiproxy,
          }),
          logsLink(`Its log lines with ${code}`, { code, ...values }),
        ],
      },
      { of: 'B', title: 'Now', unit: 'reqps', width: 100, noValue: '0 req/s' },
      { of: 'A', title: 'Count', unit: 'short', decimals: 0, width: 80 },
    ],
    sortBy: 'Count',
  })
}

function codeLinks(code: string) {
  return [
    pageLink('Runbook', runbookOfCode(code)),
    tracesLink('Traces', { errorCode: code }),
    logsLink('Log lines', { code }),
  ]
}
