// Alerts on replicas: whether there are any, whether they are ready, whether they serve the same configuration, and
// whether Prometheus reads them as these rules need it.

import { dashboardUrl } from '../links.ts'
import { METRIC } from './metric.ts'
import type { Alert } from './rule.ts'
import { duration, threshold } from './thresholds.ts'
import { by, byReplica, on, onReplica, REPLICA_NAME, WORKLOAD_NAME, WORKLOAD_VARIABLES } from './workload.ts'

const CONTROL_PLANE = dashboardUrl('kanali-control-plane', WORKLOAD_VARIABLES)
const OVERVIEW = dashboardUrl('kanali-overview', WORKLOAD_VARIABLES)
/** What Prometheus makes of a label of the gateway that a target has too, without honor_labels. */
const RENAMED = 'exported_namespace'

export function replicaAlerts(): Alert[] {
  return [absent(), targetDown(), noneReady(), notReady(), disagreement(), labelsRenamed()]
}

const KNOWN = `group ${by()} (present_over_time(${METRIC.buildInfo}[${duration('absent.memory')}]))`

function absent(): Alert {
  return {
    name: 'KanaliAbsent',
    when: `no replica of a deployment that was there within ${duration('absent.memory')} can be scraped any more (page), or none of any deployment (ticket)`,
    summary:
      '{{ if $labels.job }}No gateway of {{ $labels.job }} is there any more{{ else }}No gateway is scraped{{ end }}',
    description: `{{ if $labels.job }}Prometheus reads no replica of ${WORKLOAD_NAME} any more, and it did within the last ${duration('absent.memory')}.{{ else }}Prometheus has read no gateway for ${duration('absent.memory')}: the rules are there, and what they watch is not.{{ end }}`,
    dashboard: OVERVIEW,
    levels: [
      {
        severity: 'page',
        blame: 'gateway',
        expr: `${KNOWN} unless ${on()} group ${by()} (${METRIC.buildInfo})`,
        forS: threshold('absent.for'),
      },
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: `absent(present_over_time(${METRIC.buildInfo}[${duration('absent.memory')}]))`,
        forS: threshold('absent.for'),
      },
    ],
  }
}

function targetDown(): Alert {
  return {
    name: 'KanaliTargetDown',
    when: 'one replica cannot be scraped',
    summary: `Replica ${REPLICA_NAME} of ${WORKLOAD_NAME} cannot be scraped`,
    description: `Prometheus has not been able to read replica ${REPLICA_NAME} of ${WORKLOAD_NAME} for ${duration('unscraped.for')}: it does not run, its port for metrics is not reached, or the scrape takes too long.`,
    dashboard: OVERVIEW,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: `max ${byReplica()} (${METRIC.up} == 0) and ${on()} ${KNOWN}`,
        forS: threshold('unscraped.for'),
      },
    ],
  }
}

function noneReady(): Alert {
  return {
    name: 'KanaliNoneReady',
    when: 'replicas run, and not one of a deployment is ready',
    summary: `No replica of ${WORKLOAD_NAME} is ready`,
    description: `Replicas of ${WORKLOAD_NAME} run, and none of them is ready: requests do not reach them. What \`/readyz\` of one answers names the reasons.`,
    dashboard: CONTROL_PLANE,
    levels: [
      {
        severity: 'page',
        blame: 'gateway',
        expr: `max ${by()} (${METRIC.ready}) == 0`,
        forS: threshold('none-ready.for'),
      },
    ],
  }
}

function notReady(): Alert {
  return {
    name: 'KanaliNotReady',
    when: 'one replica is not ready',
    summary: `Replica ${REPLICA_NAME} of ${WORKLOAD_NAME} is not ready`,
    description: `Replica ${REPLICA_NAME} of ${WORKLOAD_NAME} has not been ready for ${duration('not-ready.for')}. What its \`/readyz\` answers names the reasons.`,
    dashboard: CONTROL_PLANE,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: `max ${byReplica()} (${METRIC.ready}) == 0`,
        forS: threshold('not-ready.for'),
      },
    ],
  }
}

function disagreement(): Alert {
  const hashes = `count ${by()} (
  group ${by('hash')} (${METRIC.snapshotInfo} and ${onReplica()} (${METRIC.ready} == 1))
) > 1`
  return {
    name: 'KanaliSnapshotDisagreement',
    when: 'ready replicas of a deployment serve different configurations',
    summary: `Replicas of ${WORKLOAD_NAME} serve different configurations`,
    description: `The ready replicas of ${WORKLOAD_NAME} have {{ $value }} different snapshots (\`${METRIC.snapshotInfo}\`): what a client gets depends on the replica that it meets. One of them does not hear its source, or is refused what the others may see.`,
    dashboard: CONTROL_PLANE,
    levels: [
      { severity: 'ticket', blame: 'gateway', expr: hashes, forS: threshold('hashes.for') },
      { severity: 'page', blame: 'gateway', expr: hashes, forS: threshold('hashes.page') },
    ],
  }
}

function labelsRenamed(): Alert {
  return {
    name: 'KanaliScrapeLabelsRenamed',
    when: `Prometheus renames the gateway's label \`namespace\` to \`${RENAMED}\`, so that what is shown by namespace is wrong`,
    summary: `The scrape of ${WORKLOAD_NAME} renames labels of the gateway`,
    description: `{{ $value }} series of ${WORKLOAD_NAME} have the label ${RENAMED}: their label namespace is that of the pod and not of the ApiProxy, so that boards and alerts by ApiProxy are wrong. Set honor_labels (honorLabels in a PodMonitor) for this scrape.`,
    dashboard: OVERVIEW,
    levels: [
      {
        severity: 'ticket',
        blame: 'config',
        expr: `count ${by()} (${METRIC.requests}{${RENAMED}!=""})`,
        forS: threshold('scrape.for'),
      },
    ],
  }
}
