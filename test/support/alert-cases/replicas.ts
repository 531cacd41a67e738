// Cases of the alerts on replicas. Two replicas each, where it matters, and another deployment that is well.

import { type AlertCase, firing, JOB, JOB_VARIABLE, series } from './alert-case.ts'

const A = { instance: '10.0.0.1:9000', pod: 'kanali-a' }
const B = { instance: '10.0.0.2:9000', pod: 'kanali-b' }
const OTHER = { job: 'shop/kanali', instance: '10.0.0.9:9000' }
const build = (of: Record<string, string>) => series('kanali_build_info', { ...of, version: '3.0.0' })
const up = (of: Record<string, string>) => series('up', of)
const ready = (of: Record<string, string>) => series('kanali_ready', of)
const hash = (of: Record<string, string>, digit: string) =>
  series('kanali_snapshot_info', { ...of, hash: digit.repeat(16) })
const OVERVIEW = `/d/kanali-overview?${JOB_VARIABLE}`
const CONTROL_PLANE = `/d/kanali-control-plane?${JOB_VARIABLE}`

const absent = { alert: 'KanaliAbsent', at: '20m' } as const
const ABSENT: readonly AlertCase[] = [
  {
    ...absent,
    title: 'both replicas went away five minutes ago, those of another deployment stay',
    series: { [build(A)]: '1x14 stale', [build(B)]: '1x9 stale', [build(OTHER)]: '1x30' },
    fires: firing(
      ['page'],
      { blame: 'gateway' },
      {
        summary: `No gateway of ${JOB} is there any more`,
        description: `Prometheus reads no replica of ${JOB} any more, and it did within the last 6h.`,
        dashboard: OVERVIEW,
      },
    ),
  },
  {
    ...absent,
    at: '5m',
    title: 'there has never been a gateway',
    series: { [series('up', { job: 'something else' })]: '1x30' },
    fires: [
      {
        labels: { blame: 'gateway', severity: 'ticket' },
        summary: 'No gateway is scraped',
        description:
          'Prometheus has read no gateway for 6h: the rules are there, and what they watch is not.',
        dashboard: '/d/kanali-overview?var-job=',
      },
    ],
  },
  {
    ...absent,
    at: '2m',
    title: 'Prometheus itself has just started',
    series: { [series('up', { job: 'something else' })]: '1x30' },
    fires: [],
    miss: 'too short',
  },
  {
    ...absent,
    title: 'one of two replicas went away',
    series: { [build(A)]: '1x10 stale', [build(B)]: '1x30' },
    fires: [],
    miss: 'of no concern',
  },
  {
    ...absent,
    title: 'they went away two minutes ago',
    series: { [build(A)]: '1x17 stale', [build(OTHER)]: '1x30' },
    fires: [],
    miss: 'too short',
  },
  {
    ...absent,
    at: '7h',
    title: 'the deployment was taken away seven hours ago',
    series: { [build(A)]: '1x10 stale', [build(OTHER)]: '1x430' },
    fires: [],
    miss: 'over already',
  },
]

const targetDown = { alert: 'KanaliTargetDown', at: '20m' } as const
const DOWN: readonly AlertCase[] = [
  {
    ...targetDown,
    title: 'one of two replicas cannot be scraped',
    series: { [up(A)]: '1x5 0x30', [build(A)]: '1x5 stale', [up(B)]: '1x30', [build(B)]: '1x30' },
    fires: firing(
      ['ticket'],
      { ...A, blame: 'gateway' },
      {
        summary: `Replica kanali-a of ${JOB} cannot be scraped`,
        description: `Prometheus has not been able to read replica kanali-a of ${JOB} for 10m: it does not run, its port for metrics is not reached, or the scrape takes too long.`,
        dashboard: OVERVIEW,
      },
    ),
  },
  {
    ...targetDown,
    title: 'one of the targets of somebody else',
    series: { [up({ job: 'database', instance: 'db:1' })]: '0x30', [up(A)]: '1x30', [build(A)]: '1x30' },
    fires: [],
    miss: 'of no concern',
  },
  {
    ...targetDown,
    title: 'for nine minutes',
    series: { [up(A)]: '1x10 0x30', [build(A)]: '1x10 stale' },
    fires: [],
    miss: 'too short',
  },
]

const noneReady = { alert: 'KanaliNoneReady', at: '10m' } as const
const NONE_READY: readonly AlertCase[] = [
  {
    ...noneReady,
    title: 'both replicas are not ready',
    series: { [ready(A)]: '1x5 0x10', [ready(B)]: '1x3 0x10', [ready(OTHER)]: '1x20' },
    fires: firing(
      ['page'],
      { blame: 'gateway' },
      {
        summary: `No replica of ${JOB} is ready`,
        description: `Replicas of ${JOB} run, and none of them is ready: requests do not reach them. What \`/readyz\` of one answers names the reasons.`,
        dashboard: CONTROL_PLANE,
      },
    ),
  },
  {
    ...noneReady,
    title: 'one of two is',
    series: { [ready(A)]: '0x20', [ready(B)]: '1x20' },
    fires: [],
    miss: 'of no concern',
  },
  {
    ...noneReady,
    title: 'both for a minute',
    series: { [ready(A)]: '1x8 0x20', [ready(B)]: '1x8 0x20' },
    fires: [],
    miss: 'too short',
  },
]

const notReady = { alert: 'KanaliNotReady', at: '20m' } as const
const NOT_READY: readonly AlertCase[] = [
  {
    ...notReady,
    title: 'one of two is not ready; without a pod it is called by its address',
    series: { [ready({ instance: '10.0.0.1:9000' })]: '0x30', [ready(B)]: '1x30' },
    fires: firing(
      ['ticket'],
      { instance: '10.0.0.1:9000', blame: 'gateway' },
      {
        summary: `Replica 10.0.0.1:9000 of ${JOB} is not ready`,
        description: `Replica 10.0.0.1:9000 of ${JOB} has not been ready for 10m. What its \`/readyz\` answers names the reasons.`,
        dashboard: CONTROL_PLANE,
      },
    ),
  },
  {
    ...notReady,
    title: 'for nine minutes',
    series: { [ready(A)]: '1x10 0x30', [ready(B)]: '1x30' },
    fires: [],
    miss: 'too short',
  },
]

const disagreement = { alert: 'KanaliSnapshotDisagreement' } as const
const DISAGREE = { [hash(A, 'a')]: '1x40', [hash(B, 'b')]: '1x40', [ready(A)]: '1x40' }
const DISAGREEMENT_WORDS = {
  summary: `Replicas of ${JOB} serve different configurations`,
  description: `The ready replicas of ${JOB} have 2 different snapshots (\`kanali_snapshot_info\`): what a client gets depends on the replica that it meets. One of them does not hear its source, or is refused what the others may see.`,
  dashboard: CONTROL_PLANE,
}
const HASHES: readonly AlertCase[] = [
  {
    ...disagreement,
    at: '2m',
    title: 'two replicas disagree for two minutes',
    series: { ...DISAGREE, [ready(B)]: '1x40' },
    fires: firing(['ticket'], { blame: 'gateway' }, DISAGREEMENT_WORDS),
  },
  {
    ...disagreement,
    at: '15m',
    title: 'and for fifteen',
    series: { ...DISAGREE, [ready(B)]: '1x40' },
    fires: firing(['ticket', 'page'], { blame: 'gateway' }, DISAGREEMENT_WORDS),
  },
  {
    ...disagreement,
    at: '1m',
    title: 'for a minute',
    series: { ...DISAGREE, [ready(B)]: '1x40' },
    fires: [],
    miss: 'too short',
  },
  {
    ...disagreement,
    at: '20m',
    title: 'one of them is not ready',
    series: { ...DISAGREE, [ready(B)]: '0x40' },
    fires: [],
    miss: 'of no concern',
  },
  {
    ...disagreement,
    at: '20m',
    title: 'changes come to one a minute before the other, again and again',
    series: {
      [hash(A, '1')]: '1x3 stale _x40',
      [hash(A, '2')]: '_x4 1x5 stale _x20',
      [hash(A, '3')]: '_x10 1x30',
      [hash(B, '1')]: '1x4 stale _x40',
      [hash(B, '2')]: '_x5 1x5 stale _x20',
      [hash(B, '3')]: '_x11 1x30',
      [ready(A)]: '1x40',
      [ready(B)]: '1x40',
    },
    fires: [],
    miss: 'too short',
  },
  {
    ...disagreement,
    at: '20m',
    title: 'they are of different deployments',
    series: {
      [hash(A, 'a')]: '1x40',
      [hash(OTHER, 'b')]: '1x40',
      [ready(A)]: '1x40',
      [ready(OTHER)]: '1x40',
    },
    fires: [],
    miss: 'of no concern',
  },
]

const renamed = { alert: 'KanaliScrapeLabelsRenamed', at: '20m' } as const
const RENAMED: readonly AlertCase[] = [
  {
    ...renamed,
    title: 'the namespace of the ApiProxy is renamed',
    series: {
      [series('kanali_requests_total', {
        namespace: 'kanali',
        exported_namespace: 'demo',
        apiproxy: 'shop',
        code: 'none',
      })]: '0+1x30',
    },
    fires: firing(
      ['ticket'],
      { blame: 'config' },
      {
        summary: `The scrape of ${JOB} renames labels of the gateway`,
        description: `1 series of ${JOB} have the label exported_namespace: their label namespace is that of the pod and not of the ApiProxy, so that boards and alerts by ApiProxy are wrong. Set honor_labels (honorLabels in a PodMonitor) for this scrape.`,
        dashboard: OVERVIEW,
      },
    ),
  },
  {
    ...renamed,
    title: 'it is not',
    series: {
      [series('kanali_requests_total', { namespace: 'demo', apiproxy: 'shop', code: 'none' })]: '0+1x30',
    },
    fires: [],
    miss: 'of no concern',
  },
  {
    ...renamed,
    title: 'for nine minutes',
    series: { [series('kanali_requests_total', { exported_namespace: 'demo' })]: '_x11 1x30' },
    fires: [],
    miss: 'too short',
  },
]

export const REPLICA_CASES: readonly AlertCase[] = [
  ...ABSENT,
  ...DOWN,
  ...NONE_READY,
  ...NOT_READY,
  ...HASHES,
  ...RENAMED,
]
