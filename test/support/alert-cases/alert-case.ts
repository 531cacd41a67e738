// A case of an alert: series as promtool writes them, and what has to fire of them at one moment. A case where nothing
// fires says how near it is to firing.

/** What a silent case differs in from one that fires. */
export type NearMiss =
  | 'below the threshold'
  | 'too little traffic'
  | 'too short'
  | 'client blame'
  | 'counter reset'
  | 'of no concern'
  | 'over already'

export interface FiringAlert {
  /** All labels but the name of the alert. */
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  readonly description: string
  readonly dashboard: string
}

export interface AlertCase {
  readonly alert: string
  readonly title: string
  /** Values of promtool's notation by series, one value each `everyS`. */
  readonly series: Readonly<Record<string, string>>
  /** Seconds between values and between evaluations. Default 60. */
  readonly everyS?: number
  /** The moment that is looked at, in promtool's notation. */
  readonly at: string
  /** All alerts of that name that fire then; none in a silent case. */
  readonly fires: readonly FiringAlert[]
  /** Of a silent case only. */
  readonly miss?: NearMiss
}

/** The job of most cases: as a PodMonitor names it, with a slash that addresses have to escape. */
export const JOB = 'edge/kanali'
export const JOB_VARIABLE = 'var-job=edge%2Fkanali'

/** `name{job="edge/kanali",code="08"}`. */
export function series(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const all = { job: JOB, ...labels }
  return `${name}{${Object.entries(all)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`
}

/**
 * One case of several of the same alert and moment whose deployments differ: promtool evaluates the rules once for all.
 * @param cases at least one
 */
export function together(title: string, cases: readonly AlertCase[]): AlertCase {
  const [first] = cases
  if (first === undefined) throw new Error('no cases')
  const all = cases.flatMap(({ series }) => Object.entries(series))
  const merged = Object.fromEntries(all)
  const differs = cases.some(
    ({ alert, at, everyS }) => alert !== first.alert || at !== first.at || everyS !== first.everyS,
  )
  if (differs || Object.keys(merged).length !== all.length)
    throw new Error(`${title}: they do not go together`)
  const fires = cases.flatMap((each) => each.fires)
  return {
    alert: first.alert,
    title,
    series: merged,
    at: first.at,
    fires,
    ...(first.everyS && { everyS: first.everyS }),
  }
}

/** What fires at each of the severities, with the same words. */
export function firing(
  severities: readonly string[],
  labels: Readonly<Record<string, string>>,
  words: Omit<FiringAlert, 'labels'>,
): FiringAlert[] {
  return severities.map((severity) => ({ labels: { job: JOB, ...labels, severity }, ...words }))
}
