// Who is let in and who is not: decisions of the guards `apikey` and `jwt`, why they deny, whom it hits, and the keys.

import { METRIC } from '../../src/telemetry/names.ts'
import { REASON_COLOURS } from '../catalogue-text.ts'
import { BAD, GOOD, WARNING } from '../colours.ts'
import { seriesLabel, tracesLink, logsLink } from '../explore-links.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { max, rate, select, sum } from '../promql.ts'
import { overTime, withExemplars } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

export function decisions(size: Size): Panel {
  return graph({
    ...size,
    title: 'Decisions of guards',
    description:
      'Requests a second that each guard let pass or denied. Many denials with few passes after a change of configuration: a binding, a key or an issuer was changed.',
    unit: 'reqps',
    queries: [
      overTime(sum(rate(select(METRIC.guardDecisions)), 'guard', 'decision'), '{{guard}} {{decision}}'),
    ],
    colours: { 'apikey pass': GOOD, 'jwt pass': '#96D98D', 'apikey deny': BAD, 'jwt deny': WARNING },
  })
}

export function denials(size: Size): Panel {
  const denied = select(METRIC.guardDecisions, 'decision="deny"')
  return graph({
    ...size,
    title: 'Denials by reason',
    description:
      'Why guards deny requests (codes 12, 13 and 14), coloured by blame: blue is the client, orange the configuration, red the gateway, purple a key set that cannot be had. Points are exemplars.',
    unit: 'reqps',
    queries: [withExemplars(`${sum(rate(denied), 'reason')} > 0`, '{{reason}}')],
    stacked: true,
    colours: REASON_COLOURS,
    seriesLinks: [
      tracesLink('Traces with this reason', { errorReason: seriesLabel('reason') }),
      logsLink('Log lines with this reason', { reason: seriesLabel('reason') }),
    ],
    legend: 'right',
  })
}

export function keyRevisions(size: Size): Panel {
  return graph({
    ...size,
    title: 'Revisions of API keys',
    description:
      'What became of decrypting the revisions of ApiKeys, on the replica that has most. **undecryptable**: encrypted for another key pair, or damaged; their keys are unknown (code 13). **pending**: being decrypted.',
    unit: 'none',
    decimals: 0,
    queries: [overTime(max(select(METRIC.apiKeyRevisions), 'state'), '{{state}}')],
    colours: { decrypted: GOOD, undecryptable: BAD, pending: WARNING },
  })
}
