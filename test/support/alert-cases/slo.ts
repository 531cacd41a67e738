// Cases of the burn of the error budget: three days of a deployment each, a sample every five minutes, all judged at the
// same moment. Percentages are of the requests that are not the fault of their clients.

import type { AlertCase, FiringAlert, NearMiss } from './alert-case.ts'
import { series } from './alert-case.ts'

const STEP_MINUTES = 5
const STEPS_PER_HOUR = 60 / STEP_MINUTES
const HOURS = 75
const STEPS = HOURS * STEPS_PER_HOUR
/** Requests of five minutes: ten a second. */
const TRAFFIC = 3000

interface Course {
  readonly title: string
  /** Share of errors by hours before the end, the oldest first; before the first there are none. */
  readonly errors: readonly (readonly [hoursAgo: number, share: number])[]
  readonly traffic?: number
  readonly code?: string
  readonly reason?: string
  readonly blame?: string
  readonly more?: (job: string) => Record<string, string>
}

type Windows = '1h 5m' | '6h 30m' | '1d 2h' | '3d 6h'

const SEVERITY: Readonly<Record<Windows, string>> = {
  '1h 5m': 'page',
  '6h 30m': 'page',
  '1d 2h': 'ticket',
  '3d 6h': 'ticket',
}

/** What is said of each pair of windows: share over the long one, over the short one, and by the blamed. */
type Said = readonly [windows: Windows, long: string, short: string, byBlamed: string]

const FIRING: readonly (readonly [course: Course, said: readonly Said[], rate: string])[] = [
  [{ title: 'an hour of two percent', errors: [[1.25, 0.02]] }, [['1h 5m', '2%', '2%', '2%']], '0.2/s'],
  [
    { title: 'six hours of 0.8 percent', errors: [[6.5, 0.008]] },
    [['6h 30m', '0.8%', '0.8%', '0.8%']],
    '0.08/s',
  ],
  [
    { title: 'three days of 0.15 percent', errors: [[74, 0.0015]] },
    [['3d 6h', '0.15%', '0.15%', '0.15%']],
    '0.015/s',
  ],
  [
    {
      title:
        'a day of 0.35 percent, after two days of three times the traffic, which count three times in three days',
      errors: [[24.5, 0.0035]],
      more: busierBefore,
    },
    [['1d 2h', '0.35%', '0.35%', '0.35%']],
    '0.035/s',
  ],
  [
    {
      title: 'an hour of rejections at the limit of requests, which are the fault of the gateway',
      errors: [],
      blame: 'gateway',
      more: (job) => ({
        [series('kanali_rejected_total', { job, reason: 'overloaded_requests' })]: course(
          [[1.25, 0.02]],
          TRAFFIC,
        ),
      }),
    },
    [['1h 5m', '2%', '2%', '2%']],
    '',
  ],
  [
    {
      title: 'an hour of two percent by the upstream and half a percent by config: most of it is said',
      errors: [[1.25, 0.02]],
      more: (job) => ({
        [series('kanali_errors_total', { job, code: '06', reason: 'secret_missing', blame: 'config' })]:
          course([[1.25, 0.005]], TRAFFIC),
      }),
    },
    [['1h 5m', '2.5%', '2.5%', '2%']],
    '0.2/s',
  ],
  [
    {
      title: 'an hour of two percent among what is left beside a flood of requests that find nothing',
      errors: [[1.25, 0.02]],
      more: (job) => ({
        [series('kanali_gateway_duration_seconds_count', { job })]: `0+${TRAFFIC * 100}x${STEPS}`,
        [series('kanali_errors_total', {
          job,
          code: '00',
          reason: 'no_path_matched',
          blame: 'client',
        })]: `0+${TRAFFIC * 98}x${STEPS}`,
        [series('kanali_rejected_total', { job, reason: 'malformed_request' })]: `0+${TRAFFIC}x${STEPS}`,
      }),
    },
    [['1h 5m', '2%', '2%', '2%']],
    '0.2/s',
  ],
]

const SILENT: readonly (readonly [course: Course, miss: NearMiss])[] = [
  [{ title: 'three days of 0.095 percent', errors: [[74, 0.00095]] }, 'below the threshold'],
  [{ title: 'an hour of 1.4 percent', errors: [[1.25, 0.014]] }, 'below the threshold'],
  [{ title: 'twenty minutes of four percent', errors: [[0.33, 0.04]] }, 'too short'],
  [
    {
      title: 'an hour of three percent, over for a quarter of an hour',
      errors: [
        [1.25, 0.03],
        [0.25, 0],
      ],
    },
    'over already',
  ],
  [
    {
      title: 'six hours of 0.8 percent, over for half an hour',
      errors: [
        [6.5, 0.008],
        [0.6, 0],
      ],
    },
    'over already',
  ],
  [
    {
      title: 'a day of 0.4 percent, over for two hours, after two days of three times the traffic',
      errors: [
        [24.5, 0.004],
        [2.25, 0],
      ],
      more: busierBefore,
    },
    'over already',
  ],
  [
    {
      title: 'three days of 0.15 percent, over for six hours',
      errors: [
        [74, 0.0015],
        [6.25, 0],
      ],
    },
    'over already',
  ],
  [
    {
      title: 'three days of a fifth of all, of 25 requests in five minutes',
      errors: [[74, 0.2]],
      traffic: 25,
    },
    'too little traffic',
  ],
  [
    {
      title: 'three days in which half of all requests has no key',
      errors: [[74, 0.5]],
      code: '12',
      reason: 'key_missing',
      blame: 'client',
    },
    'client blame',
  ],
  [
    {
      title: 'a restart: counters that were high begin anew',
      errors: [],
      more: (job) => ({
        [series('kanali_errors_total', {
          job,
          code: '08',
          reason: 'dns_error',
          blame: 'upstream',
        })]: `90000x${STEPS - 6} 0x6`,
      }),
    },
    'counter reset',
  ],
]

export const SLO_CASES: readonly AlertCase[] = [
  ...FIRING.map(([each, said, rate]) => {
    const job = jobOf(each.title)
    return caseOf(
      each,
      said.map((one) => alertOf(job, each, one, rate)),
    )
  }),
  ...SILENT.map(([each, miss]) => caseOf(each, [], miss)),
]

function caseOf(each: Course, fires: readonly FiringAlert[], miss?: NearMiss): AlertCase {
  const job = jobOf(each.title)
  const { errors, traffic = TRAFFIC, code = '08', reason = 'dns_error', blame = 'upstream', more } = each
  return {
    alert: 'KanaliErrorBudgetBurn',
    title: each.title,
    everyS: STEP_MINUTES * 60,
    at: `${HOURS}h`,
    series: {
      [series('kanali_gateway_duration_seconds_count', { job })]: `0+${traffic}x${STEPS}`,
      // Both are there from the start of every gateway.
      [series('kanali_errors_total', {
        job,
        code: '00',
        reason: 'no_path_matched',
        blame: 'client',
      })]: `0x${STEPS}`,
      [series('kanali_rejected_total', { job, reason: 'malformed_request' })]: `0x${STEPS}`,
      ...(errors.length > 0 && {
        [series('kanali_errors_total', { job, code, reason, blame })]: course(errors, traffic),
      }),
      ...more?.(job),
    },
    fires,
    ...(miss !== undefined && { miss }),
  }
}

function alertOf(job: string, { blame = 'upstream' }: Course, said: Said, rate: string): FiringAlert {
  const [windows, overLong, overShort, byBlamed] = said
  const [long = '', short = ''] = windows.split(' ')
  const reasons = rate === '' ? '' : ` Reasons: 08 dns_error ${rate}.`
  return {
    labels: { job, blame, severity: SEVERITY[windows], long, short },
    summary: `${job} uses up its error budget too fast, most of it by ${blame}`,
    description: `Of the requests to ${job} that are not the fault of their clients, ${overLong} failed in the last ${long} and ${overShort} in the last ${short}; ${byBlamed} by ${blame}.${reasons}`,
    dashboard: `/d/kanali-overview?var-job=${job}`,
  }
}

function jobOf(title: string): string {
  return title.replace(/[^a-z0-9.]+/g, '-')
}

/** A counter that rises as the parts say. */
function course(parts: Course['errors'], traffic: number): string {
  const [first] = parts
  const quiet = STEPS - stepsOf(first?.[0] ?? 0)
  let value = 0
  const rising = parts.map(([hoursAgo, share], at) => {
    const steps = stepsOf(hoursAgo) - stepsOf(parts[at + 1]?.[0] ?? 0)
    const rise = share * traffic
    const text = `${value + rise}+${rise}x${steps - 1}`
    value += rise * steps
    return text
  })
  return [`0x${quiet}`, ...rising].join(' ')
}

function stepsOf(hours: number): number {
  return Math.round(hours * STEPS_PER_HOUR)
}

/** Before the last day there was three times the traffic. */
function busierBefore(job: string): Record<string, string> {
  return {
    [series('kanali_gateway_duration_seconds_count', { job })]: course(
      [
        [HOURS, 3],
        [24.5, 1],
      ],
      TRAFFIC,
    ),
  }
}
