// Alerts on errors that are not of one code: a reason that says nothing, one ApiProxy that fails, a gateway that lets
// nearly nothing through or is at its own limits.

import { CATALOGUE, codeText, ERROR_FACTS } from '../../src/errors/catalogue.ts'
import type { Blame, CatalogueEntry } from '../../src/errors/catalogue-entry.ts'
import { BLAMES } from '../../src/errors/catalogue-entry.ts'
import { REJECTIONS } from '../../src/errors/rejections.ts'
import { dashboardUrl } from '../links.ts'
import { METRIC } from './metric.ts'
import { RECORD } from './record-names.ts'
import type { Alert } from './rule.ts'
import { rateText, topApiProxies, topReasons } from './templates.ts'
import { duration, threshold } from './thresholds.ts'
import { by, on, WORKLOAD_NAME, WORKLOAD_VARIABLES } from './workload.ts'

/** The reasons whose cause nobody foresaw, as the catalogue marks them. */
export const GENERIC_REASONS: readonly string[] = ERROR_FACTS.filter(({ generic }) => generic === true).map(
  ({ reason }) => reason,
)

const OVERLOADED = REJECTIONS.map(({ reason }) => reason).filter((reason) => reason.startsWith('overloaded_'))

export function errorAlerts(): Alert[] {
  return [genericReason(), apiProxyFailing(), mostRequestsRefused(), overloaded()]
}

function genericReason(): Alert {
  const recent = duration('recent.window')
  return {
    name: 'KanaliGenericReason',
    when: `a request ended for a reason that says no more than that something unforeseen happened (${GENERIC_REASONS.map((reason) => `\`${reason}\``).join(', ')})`,
    summary: `Requests to ${WORKLOAD_NAME} failed for a cause that nobody foresaw: {{ $labels.reason }}`,
    description:
      `About {{ $value | humanize }} requests of the last ${recent} ended in code {{ $labels.code }} with the reason {{ $labels.reason }}, which tells no cause apart. ` +
      `The exception on the span, and \`detail\` of \`kanali explain\`, say what happened.${topApiProxies('code=%q', '$labels.code')}`,
    dashboard: dashboardUrl('kanali-errors', {
      ...WORKLOAD_VARIABLES,
      'var-code': '{{ $labels.code | urlquery }}',
    }),
    levels: [
      {
        severity: 'ticket',
        expr: `sum ${by('code', 'reason', 'blame')} (increase(${METRIC.errors}{reason=~"${GENERIC_REASONS.join('|')}"}[${recent}])) > 0`,
      },
    ],
  }
}

function apiProxyFailing(): Alert {
  return {
    name: 'KanaliApiProxyFailing',
    when: 'most requests of one ApiProxy end in a code with a status of 500 or above; `blame` is that of most reasons of the code',
    summary:
      'Most requests of ApiProxy {{ $labels.namespace }}/{{ $labels.apiproxy }} end in code {{ $labels.code }}',
    description:
      `{{ $value | humanizePercentage }} of the requests of the last ${duration('rate.window')} to ApiProxy {{ $labels.namespace }}/{{ $labels.apiproxy }} of ${WORKLOAD_NAME} ended in code {{ $labels.code }}.` +
      topReasons('code=%q', '$labels.code'),
    dashboard: dashboardUrl('kanali-apiproxy', {
      ...WORKLOAD_VARIABLES,
      'var-namespace': '{{ $labels.namespace | urlquery }}',
      'var-apiproxy': '{{ $labels.apiproxy | urlquery }}',
    }),
    levels: BLAMES.map((blame) => ({ blame, codes: serverCodesOf(blame) }))
      .filter(({ codes }) => codes.length > 0)
      .map(({ blame, codes }) => ({
        severity: 'ticket' as const,
        blame,
        expr: `${RECORD.errorShareOfApiProxy}{code=~"${codes.join('|')}"} > ${threshold('apiproxy.share')}
and ${on('namespace', 'apiproxy')} ${RECORD.requestsOfApiProxy} >= ${threshold('apiproxy.traffic')}`,
        forS: threshold('apiproxy.for'),
      })),
  }
}

/** The codes of 500 and above most of whose reasons have this blame. */
function serverCodesOf(blame: Blame): string[] {
  return CATALOGUE.filter(({ status }) => status >= 500)
    .filter((entry) => mostBlamed(entry) === blame)
    .map(({ code }) => codeText(code))
}

/** Where two are even, the first of BLAMES. */
function mostBlamed({ reasons }: CatalogueEntry): Blame {
  const count = (blame: Blame) => reasons.filter((cause) => cause.blame === blame).length
  return BLAMES.toSorted((a, b) => count(b) - count(a))[0] ?? 'gateway'
}

function mostRequestsRefused(): Alert {
  return {
    name: 'KanaliMostRequestsRefused',
    when: 'nearly all requests of a busy gateway end in errors that are blamed on clients: the only one of them that pages',
    summary: `Nearly all requests to ${WORKLOAD_NAME} are refused as the fault of their clients`,
    description:
      `{{ $value | humanizePercentage }} of the requests of the last ${duration('rate.window')} ended in errors that are blamed on clients. ` +
      `That is more than clients do by themselves: look for an ApiProxy, a host, a binding or a key that was removed or renamed.${topReasons('blame="client"', '')}`,
    dashboard: dashboardUrl('kanali-errors', WORKLOAD_VARIABLES),
    levels: [
      {
        severity: 'page',
        blame: 'client',
        expr: `${RECORD.errorShareByBlame}{blame="client"} > ${threshold('refused.share')}
and ${on()} ${RECORD.requests} >= ${threshold('refused.traffic')}`,
        forS: threshold('refused.for'),
      },
    ],
  }
}

function overloaded(): Alert {
  return {
    name: 'KanaliOverloaded',
    when: 'the gateway refuses requests or connections because it is at its own limits',
    summary: `${WORKLOAD_NAME} refuses requests at its own limit: {{ $labels.reason }}`,
    description: `${rateText('$value')} of requests or connections got a 503 in the last ${duration('rate.window')} because a replica of ${WORKLOAD_NAME} was at its limit ({{ $labels.reason }}).`,
    dashboard: dashboardUrl('kanali-runtime', WORKLOAD_VARIABLES),
    levels: [
      {
        severity: 'page',
        blame: 'gateway',
        expr: `${RECORD.rejected}{reason=~"${OVERLOADED.join('|')}"} > ${threshold('overloaded.rate')}`,
        forS: threshold('overloaded.for'),
      },
    ],
  }
}
