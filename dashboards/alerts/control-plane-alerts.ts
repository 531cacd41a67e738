// Alerts on the way of configuration into the gateway: its source, its files and objects, how fast a change is live, and
// the journal of changes.

import { dashboardUrl } from '../links.ts'
import { METRIC } from './metric.ts'
import type { Alert } from './rule.ts'
import { duration, threshold } from './thresholds.ts'
import { by, byReplica, on, REPLICA_NAME, WORKLOAD_NAME, WORKLOAD_VARIABLES } from './workload.ts'

const BOARD = dashboardUrl('kanali-control-plane', WORKLOAD_VARIABLES)

export function controlPlaneAlerts(): Alert[] {
  return [
    sourceStale(),
    kindNotSynced(),
    sourceProblems(),
    conditionFalse(),
    propagationSlow(),
    journalFailing(),
    journalDropped(),
  ]
}

function sourceStale(): Alert {
  return {
    name: 'KanaliSourceStale',
    when: 'a replica does not hear its source of configuration (the API server, the folder)',
    summary: `Replica ${REPLICA_NAME} of ${WORKLOAD_NAME} does not hear its source of configuration`,
    description: `Replica ${REPLICA_NAME} of ${WORKLOAD_NAME} has not heard its source for {{ $value | humanizeDuration }}. It serves what it last knew: changes, and endpoints that come and go, are not seen. Its log says why.`,
    dashboard: BOARD,
    levels: [
      { severity: 'ticket', blame: 'gateway', expr: staleFor(threshold('stale.ticket')) },
      { severity: 'page', blame: 'gateway', expr: staleFor(threshold('stale.page')) },
    ],
  }
}

function staleFor(seconds: number): string {
  return `max ${byReplica()} (${METRIC.sourceStale}) > ${seconds}`
}

function kindNotSynced(): Alert {
  return {
    name: 'KanaliKindNotSynced',
    when: 'a kind of object has not been listed: refused by the API server, or never answered; meant by whoever gives fewer rights',
    summary: `${WORKLOAD_NAME} has no list of {{ $labels.kind }} from its source`,
    description: `At least one replica of ${WORKLOAD_NAME} has not listed {{ $labels.kind }} from its source ({{ $labels.source }}) for ${duration('kind.for')}. Routes that need it answer an error. Silence it where the gateway is not meant to see that kind.`,
    dashboard: BOARD,
    levels: [
      {
        severity: 'info',
        blame: 'config',
        expr: `min ${by('source', 'kind')} (${METRIC.sourceSynced}) == 0`,
        forS: threshold('kind.for'),
      },
    ],
  }
}

function sourceProblems(): Alert {
  return {
    name: 'KanaliSourceProblems',
    when: 'files or lists of the source cannot be read',
    summary: `${WORKLOAD_NAME} cannot read all that its source has`,
    description: `{{ $value }} files or lists of the source of ${WORKLOAD_NAME} cannot be read: what is in them keeps its former state, or is missing. The log and \`/debug/snapshot\` name them.`,
    dashboard: BOARD,
    levels: [
      {
        severity: 'ticket',
        blame: 'config',
        expr: `max ${by()} (${METRIC.sourceProblems}) > 0`,
        forS: threshold('problems.for'),
      },
    ],
  }
}

function conditionFalse(): Alert {
  const { resourceConditions } = METRIC
  return {
    name: 'KanaliConditionFalse',
    when: 'objects have been refused, or not ready, for long',
    summary: `{{ $labels.kind }} objects of ${WORKLOAD_NAME} are not in order: {{ $labels.reason }}`,
    description: `{{ $value }} objects of kind {{ $labels.kind }} have had the condition {{ $labels.condition }} False with the reason {{ $labels.reason }} for ${duration('condition.for')}. Their status, the log and \`/debug/snapshot\` name what is wrong.`,
    dashboard: BOARD,
    levels: [
      {
        severity: 'ticket',
        blame: 'config',
        // An ApiProxy that is not accepted, or whose references do not resolve, is not ready either: once is enough.
        expr: worst(
          `${resourceConditions}{kind="ApiProxy",condition="Ready"} or ${resourceConditions}{kind!~"ApiProxy|File|Journal|Plugin"}`,
        ),
        forS: threshold('condition.for'),
      },
      {
        severity: 'ticket',
        blame: 'plugin',
        expr: worst(`${resourceConditions}{kind="Plugin"}`),
        forS: threshold('condition.for'),
      },
    ],
  }
}

/** Of several replicas, the one with most of them. */
function worst(conditions: string): string {
  return `max ${by('kind', 'condition', 'reason')} (${conditions}) > 0`
}

function propagationSlow(): Alert {
  const window = duration('recent.window')
  const { eventPropagation } = METRIC
  return {
    name: 'KanaliEventPropagationSlow',
    when: 'changes of configuration take long from their arrival until they are live',
    summary: `Changes of configuration take long to be live in ${WORKLOAD_NAME}`,
    description: `The slowest hundredth of the changes of the last ${window} took {{ $value | humanizeDuration }} or longer from its arrival at ${WORKLOAD_NAME} until requests were decided by it.`,
    dashboard: BOARD,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: `histogram_quantile(0.99, sum ${by('le')} (rate(${eventPropagation}_bucket[${window}]))) > ${threshold('propagation.p99')}
and ${on()} sum ${by()} (increase(${eventPropagation}_count[${window}])) >= ${threshold('propagation.events')}`,
        forS: threshold('propagation.for'),
      },
    ],
  }
}

function journalFailing(): Alert {
  return {
    name: 'KanaliJournalFailing',
    when: 'the journal of changes cannot be written',
    summary: `Replica ${REPLICA_NAME} of ${WORKLOAD_NAME} cannot write its journal`,
    description: `Replica ${REPLICA_NAME} of ${WORKLOAD_NAME} has not been able to write its journal for ${duration('journal.for')}. Requests go on; what changes now cannot be looked up later, and a start without the source knows an old state. \`/readyz\` says why.`,
    dashboard: BOARD,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: `max ${byReplica()} (${METRIC.journalFailing}) == 1`,
        forS: threshold('journal.for'),
      },
    ],
  }
}

function journalDropped(): Alert {
  const window = duration('recent.window')
  return {
    name: 'KanaliJournalRecordsDropped',
    when: 'events are missing in the journal',
    summary: `Events are missing in the journal of replica ${REPLICA_NAME} of ${WORKLOAD_NAME}`,
    description: `About {{ $value | humanize }} events of the last ${window} are missing in the journal of replica ${REPLICA_NAME} of ${WORKLOAD_NAME}: \`kanali why\` and \`kanali replay\` cannot see them.`,
    dashboard: BOARD,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: `sum ${byReplica()} (increase(${METRIC.journalDropped}[${window}])) > 0`,
      },
    ],
  }
}
