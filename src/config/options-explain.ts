// The options of what remembers exchanges, so that a person without a trace store can still look.

import { option } from './option.ts'
import { integer } from './value-kind.ts'

/** At 3 KiB for each that is kept (src/explain/text-region.ts), no setting holds more than 300 MiB. */
const KEPT_MAX = 50_000

export const EXPLAIN_OPTIONS = [
  option(
    'explain.exchanges',
    integer(0, KEPT_MAX),
    1000,
    'How many of the last good exchanges are remembered for `/debug/exchanges` and `kanali explain`, at 2 KiB each; 0: none.',
    '5000',
  ),
  option(
    'explain.failed_exchanges',
    integer(0, KEPT_MAX),
    500,
    'How many failed exchanges are remembered beside them, at 8 KiB each at most. When it is full, the oldest of the most frequent reason makes room; 0: none.',
    '2000',
  ),
] as const
