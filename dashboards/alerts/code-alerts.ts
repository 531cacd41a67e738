// One alert for each code of the catalogue, with the levels of every blame that its reasons have. A code or a reason that
// is added to the catalogue gets its rules by that alone.

import { CATALOGUE, codeText } from '../../src/errors/catalogue.ts'
import type { CatalogueEntry } from '../../src/errors/catalogue-entry.ts'
import { BLAMES } from '../../src/errors/catalogue-entry.ts'
import { dashboardUrl, runbookOfCode } from '../links.ts'
import { RECORD } from './record-names.ts'
import type { Alert, Level } from './rule.ts'
import { topApiProxies, topReasons } from './templates.ts'
import { CODE_LEVELS, duration } from './thresholds.ts'
import { on, WORKLOAD_NAME, WORKLOAD_VARIABLES } from './workload.ts'

/** In the order of the codes. */
export function codeAlerts(): Alert[] {
  return CATALOGUE.map((entry: CatalogueEntry) => codeAlert(entry))
}

/** The name of the alert of a code: `KanaliCode08`. */
export function nameOfCodeAlert(code: number): string {
  return `KanaliCode${codeText(code)}`
}

function codeAlert(entry: CatalogueEntry): Alert {
  const digits = codeText(entry.code)
  const matcher = `code="${digits}"`
  return {
    name: nameOfCodeAlert(entry.code),
    when: `too large a share of all requests ends in code ${digits} ("${entry.message}")`,
    summary: `Too many requests to ${WORKLOAD_NAME} end in code ${digits}, by the fault of {{ $labels.blame }}`,
    description:
      `{{ $value | humanizePercentage }} of the requests of the last ${duration('rate.window')} ended in code ${digits} ("${entry.message}") with blame {{ $labels.blame }}.` +
      topReasons(`${matcher},blame=%q`, '$labels.blame') +
      topApiProxies(matcher, ''),
    dashboard: dashboardUrl('kanali-errors', { ...WORKLOAD_VARIABLES, 'var-code': digits }),
    runbook: runbookOfCode(entry.code),
    levels: levelsOf(entry),
  }
}

function levelsOf({ code, reasons }: CatalogueEntry): Level[] {
  const blames = BLAMES.filter((blame) => reasons.some((cause) => cause.blame === blame))
  return blames.flatMap((blame) =>
    CODE_LEVELS.filter((level) => level.blame === blame).map(({ severity, share, forS, trafficMin }) => ({
      severity,
      blame,
      expr: `${RECORD.errorShareByCode}{code="${codeText(code)}",blame="${blame}"} > ${share}
and ${on()} ${RECORD.requests} >= ${trafficMin}`,
      forS,
      labels: { code: codeText(code) },
    })),
  )
}
