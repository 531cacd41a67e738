// A process that takes the lock of a folder, says so, and waits to be killed.

import { takeLock } from '../../../src/events/journal/lock.ts'

const [, , folder = ''] = process.argv
const lock = await takeLock(folder, { heartbeatMs: 50, watchMs: 500 })
process.stdout.write('problem' in lock ? `${lock.problem}\n` : 'locked\n')
setInterval(() => undefined, 60_000)
