// Which core what runs on: the proxy under test has core 0 for itself, everything else is on core 1.

import { availableParallelism, loadavg } from 'node:os'
import { findTool } from '../tools/find.ts'

export interface Placement {
  /** Put in front of the command of the proxy. */
  readonly proxy: readonly string[]
  /** Put in front of load generator, upstream and sink. */
  readonly others: readonly string[]
  /** One line for the report. */
  readonly said: string
}

/** Without taskset or a second core nothing is pinned, and the report says so. */
export function placement(): Placement {
  const taskset = findTool('taskset')
  if ('missing' in taskset) return { proxy: [], others: [], said: 'not pinned: taskset is not there' }
  if (availableParallelism() < 2) return { proxy: [], others: [], said: 'not pinned: there is one core' }
  return {
    proxy: [taskset.path, '-c', '0'],
    others: [taskset.path, '-c', '1'],
    said: 'proxy on core 0, load and upstream on core 1',
  }
}

/** Who else used the machine: for every report, since figures taken beside others are no figures. */
export function loadAverage(): string {
  const [minute = 0, five = 0] = loadavg()
  return `load average ${minute.toFixed(1)} (1 minute), ${five.toFixed(1)} (5 minutes) on ${availableParallelism()} cores, the run itself in it`
}
