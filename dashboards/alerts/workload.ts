// What one deployment of gateways is called in Prometheus, and how rules group by it. Nothing here names a job: whatever
// is scraped is told apart by these labels.

/**
 * Labels that all replicas of one deployment share and that no other deployment has. A PodMonitor makes `job` out of its
 * namespace and name, so that `job` alone suffices; where several clusters share a Prometheus, put `cluster` before it.
 */
export const WORKLOAD: readonly string[] = ['job']

/** Labels of one replica. `pod` is empty outside Kubernetes, which costs nothing. */
export const REPLICA: readonly string[] = [...WORKLOAD, 'instance', 'pod']

/** `by (job, code)`. */
export function by(...more: readonly string[]): string {
  return `by (${[...WORKLOAD, ...more].join(', ')})`
}

/** `on (job)`. */
export function on(...more: readonly string[]): string {
  return `on (${[...WORKLOAD, ...more].join(', ')})`
}

/** `by (job, instance, pod)`. */
export function byReplica(): string {
  return `by (${REPLICA.join(', ')})`
}

/** `on (job, instance, pod)`. */
export function onReplica(): string {
  return `on (${REPLICA.join(', ')})`
}

/** Matchers of the deployment that an alert is about, for `printf` in a template: `job=%q`. */
export const SAME_WORKLOAD = WORKLOAD.map((label) => `${label}=%q`).join(',')
/** The arguments of it: `$labels.job`. */
export const WORKLOAD_VALUES = WORKLOAD.map((label) => `$labels.${label}`).join(' ')
/** The deployment in a sentence: `{{ $labels.job }}`. */
export const WORKLOAD_NAME = WORKLOAD.map((label) => `{{ $labels.${label} }}`).join('/')
/** The replica in a sentence: its pod where there is one. */
export const REPLICA_NAME = '{{ or $labels.pod $labels.instance }}'
/** Variables of a dashboard that choose the deployment. */
export const WORKLOAD_VARIABLES: Readonly<Record<string, string>> = {
  'var-job': '{{ $labels.job | urlquery }}',
}
