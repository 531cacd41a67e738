// Alerts on the process itself: certificates that end, telemetry that is lost, exceptions, workers, the event loop.

import { dashboardUrl } from '../links.ts'
import { METRIC } from './metric.ts'
import type { Alert } from './rule.ts'
import { duration, threshold } from './thresholds.ts'
import { by, byReplica, REPLICA_NAME, WORKLOAD_NAME, WORKLOAD_VARIABLES } from './workload.ts'

const RUNTIME = dashboardUrl('kanali-runtime', WORKLOAD_VARIABLES)

export function processAlerts(): Alert[] {
  return [certificateExpiring(), telemetryDropped(), uncaughtException(), workerLost(), eventLoopLag()]
}

function certificateExpiring(): Alert {
  return {
    name: 'KanaliCertificateExpiring',
    when: 'a certificate ends soon: of a listener, or one that the gateway holds for an upstream',
    summary:
      'The {{ $labels.use }} certificate {{ if $labels.namespace }}{{ $labels.namespace }}/{{ end }}{{ $labels.name }} ends soon',
    description: `The {{ $labels.use }} certificate {{ if $labels.namespace }}{{ $labels.namespace }}/{{ end }}{{ $labels.name }} of ${WORKLOAD_NAME}, or one of its chain, {{ if lt $value 0.0 }}has ended{{ else }}ends in {{ $value | humanizeDuration }}{{ end }}. TLS connections that rely on it fail from then on.`,
    dashboard: dashboardUrl('kanali-control-plane', WORKLOAD_VARIABLES),
    levels: [
      {
        severity: 'ticket',
        blame: 'config',
        expr: endsWithin(threshold('certificate.ticket')),
        forS: threshold('certificate.for'),
      },
      {
        severity: 'page',
        blame: 'config',
        expr: endsWithin(threshold('certificate.page')),
        forS: threshold('certificate.for'),
      },
    ],
  }
}

function endsWithin(seconds: number): string {
  return `min ${by('use', 'namespace', 'name')} (${METRIC.certificateNotAfter}) - time() < ${seconds}`
}

function telemetryDropped(): Alert {
  const window = duration('recent.window')
  const lost = (matcher: string) =>
    `sum ${by('signal')} (increase(${METRIC.telemetryDropped}{${matcher}}[${window}]))`
  return {
    name: 'KanaliTelemetryDropped',
    when: 'spans or log lines are lost, or the signals of a request could not be written',
    summary: `${WORKLOAD_NAME} loses telemetry: {{ $labels.signal }}`,
    description: `About {{ $value | humanize }} items of the signal {{ $labels.signal }} of ${WORKLOAD_NAME} were lost in the last ${window}. Rates and alerts are not touched by it: they come from counters.`,
    dashboard: RUNTIME,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        // A record is lost by a fault of the gateway alone: one is enough.
        expr: `${lost('signal!="record"')} > ${threshold('dropped.events')}
or ${lost('signal="record"')} > 0`,
      },
    ],
  }
}

function uncaughtException(): Alert {
  const window = duration('recent.window')
  return {
    name: 'KanaliUncaughtException',
    when: 'an exception was thrown outside of any request',
    summary: `An exception that nobody caught in replica ${REPLICA_NAME} of ${WORKLOAD_NAME}`,
    description: `About {{ $value | humanize }} exceptions of the last ${window} in replica ${REPLICA_NAME} of ${WORKLOAD_NAME} were caught by nobody. The process survives them; the log has each with its stack. Report it.`,
    dashboard: RUNTIME,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: `sum ${byReplica()} (increase(${METRIC.uncaught}[${window}])) > 0`,
      },
    ],
  }
}

function workerLost(): Alert {
  const window = duration('recent.window')
  const lost = `sum ${byReplica()} (increase(${METRIC.workerRestarts}[${window}]))`
  return {
    name: 'KanaliWorkerLost',
    when: 'a worker of a replica ended unasked, and its connections with it; with `server.workers` above 1',
    summary: `Replica ${REPLICA_NAME} of ${WORKLOAD_NAME} loses workers`,
    description: `About {{ $value | humanize }} workers of replica ${REPLICA_NAME} of ${WORKLOAD_NAME} ended unasked in the last ${window}, and the connections of each with it. They were replaced; the label \`reason\` of the metric and the log say how each ended.`,
    dashboard: RUNTIME,
    levels: [
      { severity: 'ticket', blame: 'gateway', expr: `${lost} > 0` },
      { severity: 'page', blame: 'gateway', expr: `${lost} > ${threshold('workers.page')}` },
    ],
  }
}

function eventLoopLag(): Alert {
  return {
    name: 'KanaliEventLoopLag',
    when: 'the event loop of a replica is held up, which delays every request of it',
    summary: `The event loop of replica ${REPLICA_NAME} of ${WORKLOAD_NAME} is held up`,
    description: `The slowest hundredth of the turns of the event loop of replica ${REPLICA_NAME} of ${WORKLOAD_NAME} came {{ $value | humanizeDuration }} late, on the average of the last ${duration('rate.window')}. Every request waits for as long: too much load, or a plugin that computes.`,
    dashboard: RUNTIME,
    levels: [
      {
        severity: 'ticket',
        blame: 'gateway',
        expr: lagAbove(threshold('lag.ticket')),
        forS: threshold('lag.for'),
      },
      {
        severity: 'page',
        blame: 'gateway',
        expr: lagAbove(threshold('lag.page')),
        forS: threshold('lag.for'),
      },
    ],
  }
}

function lagAbove(seconds: number): string {
  return `max ${byReplica()} (avg_over_time(${METRIC.eventLoopLag}[${duration('rate.window')}])) > ${seconds}`
}
