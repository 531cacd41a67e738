// The options of the built-in guards.

import { option } from './option.ts'
import { duration } from './value-kind.ts'

export const GUARD_OPTIONS = [
  option(
    'plugins.jwt.fetch_timeout',
    duration(),
    5000,
    'How long the fetch of a key set of the plugin `jwt` may take. No request waits longer for one.',
    '2s',
  ),
  option(
    'plugins.jwt.stale_limit',
    duration(),
    24 * 3_600_000,
    'How long the last key set that was fetched is used while its issuer gives no new one. Then tokens are refused.',
    '6h',
  ),
] as const
