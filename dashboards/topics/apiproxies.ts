// The list of ApiProxies with what matters of each, to choose one from.

import { METRIC, NO_CODE } from '../../src/telemetry/names.ts'
import { BAD, GOOD, WARNING } from '../colours.ts'
import { boardLink, cell, logsLink, tracesLink } from '../explore-links.ts'
import type { Panel } from '../grid.ts'
import { table } from '../kinds/table.ts'
import { counted, type Matcher, quantile, rate, select, sum } from '../promql.ts'
import { rows } from '../queries.ts'

const PLACE = ['namespace', 'apiproxy'] as const

export function listOfApiProxies(
  size: { readonly w: number; readonly h: number },
  ...matchers: readonly Matcher[]
): Panel {
  const all = select(METRIC.requests, ...matchers)
  const failed = select(METRIC.requests, `code!="${NO_CODE}"`, ...matchers)
  const buckets = select(`${METRIC.requestDuration}_bucket`, ...matchers)
  const requests = sum(counted(all), ...PLACE)
  const values = { namespace: cell('Namespace'), apiproxy: cell('ApiProxy') }
  return table({
    ...size,
    title: 'ApiProxies',
    description:
      'Every ApiProxy that had a request in the time shown. **Failed** is the share of its requests that got a code of the gateway, also where that is the fault of the client. Without a name: requests that matched no ApiProxy. Click one to see it alone.',
    queries: [
      rows(`${requests} > 0`),
      rows(sum(rate(all), ...PLACE)),
      rows(`${sum(counted(failed), ...PLACE)} / ${requests}`),
      rows(quantile(0.5, buckets, ...PLACE)),
      rows(quantile(0.99, buckets, ...PLACE)),
    ],
    columns: [
      { of: 'namespace', title: 'Namespace', width: 200 },
      {
        of: 'apiproxy',
        title: 'ApiProxy',
        links: [
          boardLink('This ApiProxy alone', 'kanali-apiproxy', values),
          tracesLink('Its traces', { apiproxyNamespace: values.namespace, apiproxyName: values.apiproxy }),
          logsLink('Its log lines', values),
        ],
      },
      { of: 'B', title: 'Now', unit: 'reqps', width: 120 },
      { of: 'A', title: 'Count', unit: 'short', decimals: 0, width: 120 },
      {
        of: 'C',
        title: 'Failed',
        unit: 'percentunit',
        decimals: 1,
        width: 120,
        steps: [GOOD, [0.001, WARNING], [0.05, BAD]],
        filled: true,
        noValue: '0 %',
      },
      { of: 'D', title: 'p50', unit: 's', width: 110 },
      { of: 'E', title: 'p99', unit: 's', width: 110 },
    ],
    sortBy: 'Count',
  })
}
