// The options of the journal.

import { option } from './option.ts'
import { BOOLEAN, bytes, choice, duration, integer, PATH } from './value-kind.ts'

const GIBIBYTE = 1024 ** 3

export const EVENTS_OPTIONS = [
  option(
    'events.journal_dir',
    PATH,
    undefined,
    'Folder of the journal: every change of what is known, so that any past decision can be looked at again. One gateway a folder; it is made, and readable by its owner alone. Empty: no journal.',
    '/var/lib/kanali/journal',
  ),
  option(
    'events.start_from_journal',
    BOOLEAN,
    false,
    'Whether a start serves what the journal last knew, marked stale, until the source has been heard. Needs `events.journal_dir`.',
    'true',
  ),
  option(
    'events.journal_fsync',
    choice('always', 'interval', 'never'),
    'interval',
    'When records are forced to the disk: after each batch, every `events.journal_fsync_interval`, or when the system likes. A kill of the process loses none of what was written in any case; a loss of power does.',
    'always',
  ),
  option(
    'events.journal_fsync_interval',
    duration(10),
    1000,
    'How often records are forced to the disk with `events.journal_fsync` interval.',
    '5s',
  ),
  option(
    'events.journal_max_bytes',
    bytes(1024 ** 2, 1024 * GIBIBYTE),
    256 * 1024 ** 2,
    'Size of the journal at which its oldest segments go.',
    '1GiB',
  ),
  option(
    'events.journal_max_age',
    duration(1000),
    168 * 3_600_000,
    'Age of the newest record of a segment at which the segment goes.',
    '72h',
  ),
  option(
    'events.journal_segment_bytes',
    bytes(64 * 1024, GIBIBYTE),
    16 * 1024 ** 2,
    'Size of the records in a segment at which the next one begins, with a checkpoint; at most a quarter of `events.journal_max_bytes`, at least the size of a checkpoint.',
    '64MiB',
  ),
  option(
    'events.journal_checkpoint_records',
    integer(10, 10_000_000),
    50_000,
    'Number of records at which the next segment begins, with a checkpoint: what a replay must read at most.',
    '10000',
  ),
] as const
