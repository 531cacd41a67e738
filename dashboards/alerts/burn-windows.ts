// The four pairs of windows by which the error budget's use is judged, after the SRE workbook's chapter on alerting on
// objectives. The share of errors must be too high over both: the long window says that it matters, the short one that it
// goes on.

import type { Severity } from './rule.ts'

export interface BurnWindows {
  readonly severity: Severity
  /** How many times faster than the objective allows the budget is used up. */
  readonly factor: number
  readonly longS: number
  readonly shortS: number
  readonly why: string
}

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export const BURN_WINDOWS: readonly BurnWindows[] = [
  {
    severity: 'page',
    factor: 14.4,
    longS: HOUR,
    shortS: 5 * MINUTE,
    why: '2 % of the budget of 30 days in one hour',
  },
  { severity: 'page', factor: 6, longS: 6 * HOUR, shortS: 30 * MINUTE, why: '5 % of it in six hours' },
  { severity: 'ticket', factor: 3, longS: DAY, shortS: 2 * HOUR, why: '10 % of it in a day' },
  { severity: 'ticket', factor: 1, longS: 3 * DAY, shortS: 6 * HOUR, why: '10 % of it in three days' },
]

/** Every window that a share is recorded over, in seconds, ascending. */
export const SLO_WINDOWS_S: readonly number[] = Array.from(
  new Set(BURN_WINDOWS.flatMap(({ longS, shortS }) => [shortS, longS])),
).sort((a, b) => a - b)
