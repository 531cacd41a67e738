// What only spans know: which reason hits which ApiProxy. The Collector counts it before it samples (folder otel/), so
// that the numbers are whole. Without a Collector these panels are empty; no other panel needs one.

import { BLAME_COLOURS, CODE_COLOURS, reasonMeans } from '../catalogue-text.ts'
import { boardLink, cell, logsLink, pageLink, tracesLink } from '../explore-links.ts'
import type { Panel } from '../grid.ts'
import { table } from '../kinds/table.ts'
import { runbookOfCode } from '../links.ts'
import { copyLabel, counted, type Matcher, rate, sum } from '../promql.ts'
import { rows } from '../queries.ts'

/** As the Collector's connector `spanmetrics` exports it to Prometheus. */
const CALLS = 'traces_span_metrics_calls_total'
/** Attributes of spans, as labels. */
const LABEL = {
  code: 'kanali_error_code',
  reason: 'kanali_error_reason',
  blame: 'kanali_error_blame',
  namespace: 'kanali_apiproxy_namespace',
  apiproxy: 'kanali_apiproxy_name',
} as const

/** Reasons by ApiProxy. @param matchers in the names of the labels of span metrics: `reasonsByApiProxyOf` makes them */
export function reasonsByApiProxy(
  size: { readonly w: number; readonly h: number },
  matchers: readonly Matcher[],
): Panel {
  const labels = Object.values(LABEL)
  // The Collector is another job than the gateway: what is of the gateway is told by the attribute that only it sets.
  const calls = `${CALLS}{${['span_kind="SPAN_KIND_SERVER"', `${LABEL.code}!=""`, ...matchers].join(', ')}}`
  return table({
    ...size,
    title: 'Reasons by ApiProxy',
    description:
      'Which reason hits which ApiProxy, in the time shown. Counted from spans by the Collector; empty without one.',
    queries: [
      rows(copyLabel(`${sum(counted(calls), ...labels)} > 0`, LABEL.reason, 'means')),
      rows(`${sum(rate(calls), ...labels)} > 0`),
    ],
    columns: [
      { of: LABEL.namespace, title: 'Namespace', width: 120 },
      { of: LABEL.apiproxy, title: 'ApiProxy', width: 140, links: [apiproxyBoard()] },
      { of: LABEL.code, title: 'Code', width: 70, mappings: CODE_COLOURS, filled: true },
      { of: LABEL.reason, title: 'Reason', width: 220, links: reasonLinks() },
      { of: 'means', title: 'What happened', mappings: reasonMeans() },
      { of: LABEL.blame, title: 'Blame', width: 90, mappings: BLAME_COLOURS, filled: true },
      { of: 'B', title: 'Now', unit: 'reqps', width: 100, noValue: '0 req/s' },
      { of: 'A', title: 'Count', unit: 'short', decimals: 0, width: 80 },
    ],
    sortBy: 'Count',
  })
}

/** The series of span metrics of the chosen codes. */
export const OF_CODE: Matcher = `${LABEL.code}=~"$code"`
/** The series of span metrics of the chosen ApiProxies. */
export const OF_APIPROXY: readonly Matcher[] = [
  `${LABEL.namespace}=~"$namespace"`,
  `${LABEL.apiproxy}=~"$apiproxy"`,
]

function apiproxyBoard() {
  return boardLink('This ApiProxy', 'kanali-apiproxy', {
    namespace: cell('Namespace'),
    apiproxy: cell('ApiProxy'),
  })
}

function reasonLinks() {
  const here = { namespace: cell('Namespace'), apiproxy: cell('ApiProxy') }
  return [
    pageLink('Runbook of this reason', `${runbookOfCode(cell('Code'))}#${cell('Reason')}`),
    tracesLink('Its traces', {
      errorReason: cell('Reason'),
      apiproxyNamespace: here.namespace,
      apiproxyName: here.apiproxy,
    }),
    logsLink('Its log lines', { reason: cell('Reason'), ...here }),
  ]
}
