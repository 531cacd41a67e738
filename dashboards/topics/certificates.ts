// When certificates end: of the listeners, and of the Secrets that upstreams are reached with.

import { METRIC } from '../../src/telemetry/names.ts'
import { duration, threshold } from '../alerts/thresholds.ts'
import { BAD, GOOD, WARNING } from '../colours.ts'
import type { Panel } from '../grid.ts'
import { table } from '../kinds/table.ts'
import { select } from '../promql.ts'
import { rows } from '../queries.ts'

export function certificates(size: { readonly w: number; readonly h: number }): Panel {
  const ends = `min by (use, namespace, name) (${select(METRIC.certificateNotAfter)})`
  return table({
    ...size,
    title: 'Certificates',
    description: `When each certificate ends. **listener**: what clients see, by file. **upstream**: what a Secret holds for the way to an upstream. ${duration('certificate.ticket')} before the end a ticket is opened, ${duration('certificate.page')} before it somebody is paged.`,
    queries: [rows(`1000 * ${ends}`), rows(`${ends} - time()`)],
    columns: [
      { of: 'use', title: 'Use', width: 120 },
      { of: 'namespace', title: 'Namespace', width: 160 },
      { of: 'name', title: 'Name' },
      { of: 'A', title: 'Ends', unit: 'dateTimeAsIso', width: 200 },
      {
        of: 'B',
        title: 'Ends in',
        unit: 's',
        decimals: 1,
        width: 160,
        steps: [BAD, [threshold('certificate.page'), WARNING], [threshold('certificate.ticket'), GOOD]],
        filled: true,
      },
    ],
    sortBy: 'Ends in',
    ascending: true,
  })
}
