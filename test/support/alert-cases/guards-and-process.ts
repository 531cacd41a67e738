// Cases of the alerts on the store of limits, certificates, telemetry and the process.

import { type AlertCase, firing, JOB, JOB_VARIABLE, series } from './alert-case.ts'

const A = { instance: '10.0.0.1:9000', pod: 'kanali-a' }
const DAY = 86_400
const GUARDS = { dashboard: `/d/kanali-guards?${JOB_VARIABLE}` }
const RUNTIME = { dashboard: `/d/kanali-runtime?${JOB_VARIABLE}` }

const failed = (cause: string) => series('kanali_limit_store_failures_total', { cause })
const answered = series('kanali_limit_store_duration_seconds_count')
const storeFailing = { alert: 'KanaliLimitStoreFailing', at: '12m' } as const
const STORE: readonly AlertCase[] = [
  {
    ...storeFailing,
    title: 'a tenth of the questions gets no answer, for two causes',
    series: { [failed('timeout')]: '0+4x30', [failed('unreachable')]: '0+2x30', [answered]: '0+54x30' },
    fires: firing(
      ['ticket'],
      { blame: 'gateway' },
      {
        summary: `The shared store of limits of ${JOB} fails`,
        description: `10% of the questions of the last 5m to the shared store of limits of ${JOB} got no answer. Who decides instead is said by \`limits.on_store_failure\`.`,
        ...GUARDS,
      },
    ),
  },
  {
    ...storeFailing,
    title: 'one of twenty-one',
    series: { [failed('timeout')]: '0+3x30', [answered]: '0+60x30' },
    fires: [],
    miss: 'below the threshold',
  },
  {
    ...storeFailing,
    title: 'all of eleven a minute',
    series: { [failed('timeout')]: '0+11x30', [answered]: '0x30' },
    fires: [],
    miss: 'too little traffic',
  },
  {
    ...storeFailing,
    title: 'a failover of four minutes',
    series: { [failed('read_only')]: '0x8 60+60x30', [answered]: '0+60x30' },
    fires: [],
    miss: 'too short',
  },
  {
    ...storeFailing,
    title: 'a restart after many failures',
    series: { [failed('timeout')]: '900x9 0x20', [answered]: '0+60x30' },
    fires: [],
    miss: 'counter reset',
  },
]

const fellBack = (by: string) => series('kanali_limit_fallbacks_total', { by, cause: 'timeout' })
const fallback = { alert: 'KanaliLimitFallback', at: '12m' } as const
const FALLBACK: readonly AlertCase[] = [
  {
    ...fallback,
    title: 'two a minute by each way to decide',
    series: {
      [fellBack('local_share')]: '0+2x30',
      [fellBack('allow')]: '0+2x30',
      [fellBack('deny')]: '0+2x30',
    },
    fires: (
      [
        ['local_share', 'ticket'],
        ['allow', 'ticket'],
        ['deny', 'page'],
      ] as const
    ).flatMap(([by, severity]) =>
      firing(
        [severity],
        { by, blame: 'gateway' },
        {
          summary: `${JOB} decides limits without their store: ${by}`,
          description: `In the last 5m 0.0333/s of requests were decided without the shared store of limits of ${JOB}, by ${by}.`,
          ...GUARDS,
        },
      ),
    ),
  },
  {
    ...fallback,
    title: 'one a minute',
    series: { [fellBack('deny')]: '0+1x30', [fellBack('allow')]: '0+1x30' },
    fires: [],
    miss: 'below the threshold',
  },
  {
    ...fallback,
    title: 'for four minutes',
    series: { [fellBack('deny')]: '0x8 6+6x30', [fellBack('local_share')]: '0x8 6+6x30' },
    fires: [],
    miss: 'too short',
  },
]

const ends = (use: string, namespace: string, name: string) =>
  series('kanali_certificate_not_after_timestamp_seconds', { use, namespace, name })
const expiring = { alert: 'KanaliCertificateExpiring', at: '60m' } as const
const NOW = 3600
const CERTIFICATES_BOARD = { dashboard: `/d/kanali-control-plane?${JOB_VARIABLE}` }
const CERTIFICATES: readonly AlertCase[] = [
  {
    ...expiring,
    title: 'that of a listener in twenty days, that of an upstream in two, another has ended',
    series: {
      [ends('listener', '', '/etc/kanali/tls.crt')]: `${NOW + 20 * DAY}x70`,
      [ends('upstream', 'demo', 'shop-tls')]: `${NOW + 2 * DAY}x70`,
      [ends('upstream', 'demo', 'cart-tls')]: `${NOW / 2}x70`,
    },
    fires: [
      ...firing(
        ['ticket'],
        { use: 'listener', name: '/etc/kanali/tls.crt', blame: 'config' },
        {
          summary: 'The listener certificate /etc/kanali/tls.crt ends soon',
          description: `The listener certificate /etc/kanali/tls.crt of ${JOB}, or one of its chain, ends in 20d 0h 0m 0s. TLS connections that rely on it fail from then on.`,
          ...CERTIFICATES_BOARD,
        },
      ),
      ...firing(
        ['ticket', 'page'],
        { use: 'upstream', namespace: 'demo', name: 'shop-tls', blame: 'config' },
        {
          summary: 'The upstream certificate demo/shop-tls ends soon',
          description: `The upstream certificate demo/shop-tls of ${JOB}, or one of its chain, ends in 2d 0h 0m 0s. TLS connections that rely on it fail from then on.`,
          ...CERTIFICATES_BOARD,
        },
      ),
      ...firing(
        ['ticket', 'page'],
        { use: 'upstream', namespace: 'demo', name: 'cart-tls', blame: 'config' },
        {
          summary: 'The upstream certificate demo/cart-tls ends soon',
          description: `The upstream certificate demo/cart-tls of ${JOB}, or one of its chain, has ended. TLS connections that rely on it fail from then on.`,
          ...CERTIFICATES_BOARD,
        },
      ),
    ],
  },
  {
    ...expiring,
    title: 'in three days and an hour: no page yet',
    series: { [ends('upstream', '_other', '_other')]: `${NOW + 3 * DAY + 3600}x70` },
    fires: firing(
      ['ticket'],
      { use: 'upstream', namespace: '_other', name: '_other', blame: 'config' },
      {
        summary: 'The upstream certificate _other/_other ends soon',
        description: `The upstream certificate _other/_other of ${JOB}, or one of its chain, ends in 3d 1h 0m 0s. TLS connections that rely on it fail from then on.`,
        ...CERTIFICATES_BOARD,
      },
    ),
  },
  {
    ...expiring,
    title: 'in twenty-one days and an hour',
    series: { [ends('listener', '', '/etc/kanali/tls.crt')]: `${NOW + 21 * DAY + 3600}x70` },
    fires: [],
    miss: 'below the threshold',
  },
  {
    ...expiring,
    title: 'an old one was put in by mistake twenty minutes ago',
    series: { [ends('listener', '', '/etc/kanali/tls.crt')]: `${NOW + 60 * DAY}x40 ${NOW + DAY}x30` },
    fires: [],
    miss: 'too short',
  },
  {
    ...expiring,
    title: 'it was renewed ten minutes ago',
    series: { [ends('upstream', 'demo', 'shop-tls')]: `${NOW + DAY}x50 ${NOW + 90 * DAY}x30` },
    fires: [],
    miss: 'over already',
  },
]

const lost = (signal: string) => series('kanali_telemetry_dropped_total', { signal })
const dropped = { alert: 'KanaliTelemetryDropped', at: '20m' } as const
const droppedWords = (signal: string, count: string) => ({
  summary: `${JOB} loses telemetry: ${signal}`,
  description: `About ${count} items of the signal ${signal} of ${JOB} were lost in the last 15m. Rates and alerts are not touched by it: they come from counters.`,
  ...RUNTIME,
})
const TELEMETRY: readonly AlertCase[] = [
  {
    ...dropped,
    title: 'spans while the Collector is away, lines of the access log, and a single record',
    series: {
      [lost('traces')]: '0x10 2400x20',
      [lost('access_log')]: '0x10 101x20',
      [lost('record')]: '0x10 1x20',
    },
    fires: [
      ...firing(['ticket'], { signal: 'traces', blame: 'gateway' }, droppedWords('traces', '2.4k')),
      ...firing(['ticket'], { signal: 'access_log', blame: 'gateway' }, droppedWords('access_log', '101')),
      ...firing(['ticket'], { signal: 'record', blame: 'gateway' }, droppedWords('record', '1')),
    ],
  },
  {
    ...dropped,
    title: 'a hundred spans and a hundred lines at a restart of the Collector',
    series: { [lost('traces')]: '0x10 100x20', [lost('access_log')]: '0x10 100x20' },
    fires: [],
    miss: 'below the threshold',
  },
  {
    ...dropped,
    title: 'a restart of the gateway after many losses',
    series: { [lost('traces')]: '90000x10 0x20', [lost('record')]: '5x10 0x20' },
    fires: [],
    miss: 'counter reset',
  },
  {
    ...dropped,
    at: '40m',
    title: 'half an hour ago',
    series: { [lost('traces')]: '0x10 9000x40' },
    fires: [],
    miss: 'over already',
  },
]

const uncaught = { alert: 'KanaliUncaughtException', at: '20m' } as const
const workerLost = { alert: 'KanaliWorkerLost', at: '20m' } as const
const ended = (reason: string) => series('kanali_worker_restarts_total', { ...A, reason })
const lostWords = (count: string) => ({
  summary: `Replica kanali-a of ${JOB} loses workers`,
  description: `About ${count} workers of replica kanali-a of ${JOB} ended unasked in the last 15m, and the connections of each with it. They were replaced; the label \`reason\` of the metric and the log say how each ended.`,
  ...RUNTIME,
})
const lag = { alert: 'KanaliEventLoopLag', at: '15m' } as const
const lagOf = series('nodejs_eventloop_lag_p99_seconds', A)
const lagWords = (words: string) => ({
  summary: `The event loop of replica kanali-a of ${JOB} is held up`,
  description: `The slowest hundredth of the turns of the event loop of replica kanali-a of ${JOB} came ${words} late, on the average of the last 5m. Every request waits for as long: too much load, or a plugin that computes.`,
  ...RUNTIME,
})
const PROCESS: readonly AlertCase[] = [
  {
    ...uncaught,
    title: 'one',
    series: { [series('kanali_uncaught_exceptions_total', A)]: '0x18 1x10' },
    fires: firing(
      ['ticket'],
      { ...A, blame: 'gateway' },
      {
        summary: `An exception that nobody caught in replica kanali-a of ${JOB}`,
        description: `About 1 exceptions of the last 15m in replica kanali-a of ${JOB} were caught by nobody. The process survives them; the log has each with its stack. Report it.`,
        ...RUNTIME,
      },
    ),
  },
  {
    ...uncaught,
    title: 'one of long ago',
    series: { [series('kanali_uncaught_exceptions_total', A)]: '1x40' },
    fires: [],
    miss: 'over already',
  },
  {
    ...uncaught,
    title: 'a restart after one',
    series: { [series('kanali_uncaught_exceptions_total', A)]: '1x12 0x20' },
    fires: [],
    miss: 'counter reset',
  },
  {
    ...workerLost,
    title: 'one was killed for its memory',
    series: { [ended('signal')]: '0x18 1x10', [ended('exit')]: '0x40' },
    fires: firing(['ticket'], { ...A, blame: 'gateway' }, lostWords('1')),
  },
  {
    ...workerLost,
    title: 'four, one after the other',
    series: { [ended('exit')]: '0x10 1 2 3x20', [ended('signal')]: '0x15 1x20' },
    fires: firing(['ticket', 'page'], { ...A, blame: 'gateway' }, lostWords('4')),
  },
  {
    ...workerLost,
    title: 'three: no page yet',
    series: { [ended('exit')]: '0x10 1 2 3x20' },
    fires: firing(['ticket'], { ...A, blame: 'gateway' }, lostWords('3')),
  },
  {
    ...workerLost,
    title: 'three of long ago',
    series: { [ended('exit')]: '3x40' },
    fires: [],
    miss: 'over already',
  },
  {
    ...workerLost,
    title: 'a restart of the replica after one',
    series: { [ended('exit')]: '1x12 0x20' },
    fires: [],
    miss: 'counter reset',
  },
  {
    ...lag,
    title: 'a fifth of a second',
    series: { [lagOf]: '0.2x40' },
    fires: firing(['ticket'], { ...A, blame: 'gateway' }, lagWords('200ms')),
  },
  {
    ...lag,
    title: 'a second and a half',
    series: { [lagOf]: '1.5x40' },
    fires: firing(['ticket', 'page'], { ...A, blame: 'gateway' }, lagWords('1.5s')),
  },
  {
    ...lag,
    title: 'just under a second: no page yet',
    series: { [lagOf]: '0.95x40' },
    fires: firing(['ticket'], { ...A, blame: 'gateway' }, lagWords('950ms')),
  },
  {
    ...lag,
    title: 'a tenth of a second',
    series: { [lagOf]: '0.099x40' },
    fires: [],
    miss: 'below the threshold',
  },
  {
    ...lag,
    title: 'a large change of configuration holds it up for four minutes',
    series: { [lagOf]: '0.011x10 3x4 0.011x20' },
    fires: [],
    miss: 'too short',
  },
]

export const GUARD_AND_PROCESS_CASES: readonly AlertCase[] = [
  ...STORE,
  ...FALLBACK,
  ...CERTIFICATES,
  ...TELEMETRY,
  ...PROCESS,
]
