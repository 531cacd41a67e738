// The journal of configuration: whether every change is in it, and what it takes. Its series are there with a journal only.

import { METRIC } from '../../src/telemetry/names.ts'
import { BAD, GOOD } from '../colours.ts'
import type { Panel } from '../grid.ts'
import { graph } from '../kinds/graph.ts'
import { number } from '../kinds/number.ts'
import { max, rate, select, sum } from '../promql.ts'
import { now, overTime } from '../queries.ts'

interface Size {
  readonly w: number
  readonly h: number
}

export function journalFailing(size: Size): Panel {
  return number({
    ...size,
    title: 'Journals failing',
    description:
      'Replicas that cannot write their journal now. Requests do not wait for it, but what happens meanwhile is missing in `kanali why` and `kanali replay`. Usually the disk is full or read-only.',
    unit: 'none',
    query: now(sum(select(METRIC.journalFailing))),
    steps: [GOOD, [1, BAD]],
    noValue: 'no journal',
  })
}

export function journalLosses(size: Size): Panel {
  return number({
    ...size,
    title: 'Events missing in journals',
    description:
      'Events that the disk could not take, in the time shown. Any is too many: the state that the journal tells is not what was live.',
    unit: 'short',
    query: now(sum(`increase(${select(METRIC.journalDropped)}[$__range])`)),
    steps: [GOOD, [1, BAD]],
    noValue: 'no journal',
  })
}

export function journalGaps(size: Size): Panel {
  return number({
    ...size,
    title: 'Gaps in journals',
    description: 'How often a journal went on after a loss, in the time shown. `kanali replay` shows where.',
    unit: 'short',
    query: now(sum(`increase(${select(METRIC.journalGaps)}[$__range])`)),
    steps: [GOOD, [1, BAD]],
    noValue: 'no journal',
  })
}

export function journalRecords(size: Size): Panel {
  return graph({
    ...size,
    title: 'Records written',
    description: 'Events a second that were written to the journal, by replica.',
    unit: 'eps',
    queries: [overTime(sum(rate(select(METRIC.journalRecords)), 'instance'), '{{instance}}')],
  })
}

export function journalSize(size: Size): Panel {
  return graph({
    ...size,
    title: 'Size of journals',
    description:
      'All segments of each replica. It stays below `events.journal_max_bytes` by dropping the oldest segments.',
    unit: 'bytes',
    queries: [overTime(max(select(METRIC.journalBytes), 'instance'), '{{instance}}')],
  })
}

export function journalQueue(size: Size): Panel {
  return graph({
    ...size,
    title: 'Waiting to be written',
    description:
      'Bytes that wait for the disk, by replica. A rise that does not end is a disk that does not keep up.',
    unit: 'bytes',
    queries: [overTime(max(select(METRIC.journalQueuedBytes), 'instance'), '{{instance}}')],
  })
}
