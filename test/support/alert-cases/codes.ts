// Cases of the alerts of codes, for every code, blame and level: one that fires, and its near misses. They are computed
// from the catalogue and the table of levels by arithmetic on shares, which knows nothing of the rules' expressions.

import { CODE_LEVELS, type CodeLevel } from '../../../dashboards/alerts/thresholds.ts'
import { CATALOGUE, codeText } from '../../../src/errors/catalogue.ts'
import type { Blame, CatalogueEntry } from '../../../src/errors/catalogue-entry.ts'
import type { AlertCase, FiringAlert, NearMiss } from './alert-case.ts'
import { series } from './alert-case.ts'

const MINUTES = 60
const AT = `${MINUTES}m`

/** One deployment, called by its job, whose requests fail for a while. */
interface Course {
  readonly job: string
  readonly blame: Blame
  readonly reason: string
  readonly share: number
  /** Requests a minute. */
  readonly traffic: number
  /** How long requests have been failing at the moment that is looked at. */
  readonly failingMinutes: number
  readonly restarts?: boolean
}

/** All of one code. Each is a deployment of its own, so that promtool can judge them together. */
function casesOf(entry: CatalogueEntry): AlertCase[] {
  const levels = CODE_LEVELS.filter(({ blame }) => entry.reasons.some((cause) => cause.blame === blame))
  return levels.flatMap((level) => casesOfLevel(entry, level))
}

function casesOfLevel(entry: CatalogueEntry, level: CodeLevel): AlertCase[] {
  const cases = [
    firing(entry, level),
    silent(entry, level, 'below the threshold', { share: level.share * 0.97 }),
    silent(entry, level, 'too little traffic', { traffic: level.trafficMin * 60 * 0.95 }),
    silent(entry, level, 'too short', {
      share: Math.min(0.95, level.share * 3),
      failingMinutes: level.forS / 60 - 1,
    }),
    silent(entry, level, 'counter reset', { restarts: true, share: 0 }),
  ]
  if (level.blame !== 'client') cases.push(blamedOnClients(entry, level))
  return cases
}

export const CODE_CASES: readonly AlertCase[] = CATALOGUE.flatMap((entry: CatalogueEntry) => casesOf(entry))

function courseOf(entry: CatalogueEntry, level: CodeLevel, what: string): Course {
  return {
    job: `edge/${level.blame}-${level.severity}-${what.replaceAll(' ', '-')}`,
    blame: level.blame,
    reason: entry.reasons.find(({ blame }) => blame === level.blame)?.reason ?? '',
    share: level.share * 1.25,
    traffic: level.trafficMin * 60 * 2,
    failingMinutes: level.forS / 60 + 10,
  }
}

function firing(entry: CatalogueEntry, level: CodeLevel): AlertCase {
  const course = courseOf(entry, level, 'fires')
  return caseOf(entry, level, course, 'fires')
}

function silent(entry: CatalogueEntry, level: CodeLevel, miss: NearMiss, other: Partial<Course>): AlertCase {
  const course = { ...courseOf(entry, level, miss), ...other }
  return caseOf(entry, level, course, miss)
}

/** The share that would fire for others, and the client is to blame. */
function blamedOnClients(entry: CatalogueEntry, level: CodeLevel): AlertCase {
  const course = {
    ...courseOf(entry, level, 'client blame'),
    blame: 'client' as const,
    reason: 'key_missing',
  }
  return caseOf(entry, level, course, 'client blame')
}

function caseOf(
  entry: CatalogueEntry,
  level: CodeLevel,
  course: Course,
  what: NearMiss | 'fires',
): AlertCase {
  const code = codeText(entry.code)
  const fires = CODE_LEVELS.filter((other) => firesIn(other, course))
  if (fires.includes(level) !== (what === 'fires')) throw new Error(`${code} ${what} is no such case`)
  return {
    alert: `KanaliCode${code}`,
    title: `${code} ${level.blame} ${level.severity}: ${what}`,
    series: seriesOf(code, course),
    at: AT,
    fires: fires.map(({ severity }) => firingAlert(entry, severity, course)),
    ...(what !== 'fires' && { miss: what }),
  }
}

/** Arithmetic on what was put in. The window of five minutes must be full before a share is what it is. */
function firesIn(level: CodeLevel, { blame, share, traffic, failingMinutes }: Course): boolean {
  return (
    level.blame === blame &&
    share > level.share &&
    traffic >= level.trafficMin * 60 &&
    failingMinutes >= level.forS / 60 + 5
  )
}

function seriesOf(code: string, course: Course): Record<string, string> {
  const { job, blame, reason, share, traffic, failingMinutes, restarts = false } = course
  const start = MINUTES - failingMinutes
  const perMinute = share * traffic
  // A restart in mid-run: a counter that was high begins at 0.
  const failing = restarts
    ? `500x${MINUTES - 3} 0x3`
    : `0x${start} ${perMinute}+${perMinute}x${failingMinutes}`
  return {
    [series('kanali_gateway_duration_seconds_count', { job })]: `0+${traffic}x${MINUTES}`,
    [series('kanali_errors_total', { job, code, reason, blame })]: failing,
    [series('kanali_requests_total', { job, code, namespace: 'demo', apiproxy: 'shop' })]: failing,
  }
}

function firingAlert(entry: CatalogueEntry, severity: string, course: Course): FiringAlert {
  const { job, blame, reason, share, traffic } = course
  const code = codeText(entry.code)
  const rate = rateText((share * traffic) / 60)
  return {
    labels: { job, code, blame, severity },
    summary: `Too many requests to ${job} end in code ${code}, by the fault of ${blame}`,
    description: `${percentage(share)} of the requests of the last 5m ended in code ${code} ("${entry.message}") with blame ${blame}. Reasons: ${code} ${reason} ${rate}. Most at: demo/shop ${rate}.`,
    dashboard: `/d/kanali-errors?var-job=${encodeURIComponent(job)}&var-code=${code}`,
  }
}

/** As `humanizePercentage` writes a share. */
function percentage(share: number): string {
  return `${Number((share * 100).toPrecision(4))}%`
}

function rateText(perSecond: number): string {
  return `${Number(perSecond.toPrecision(perSecond < 1 ? 3 : 4))}/s`
}
