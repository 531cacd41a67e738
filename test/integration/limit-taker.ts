// A process that takes from an allowance as fast as it can and prints what became of it, when it is told to begin by
// SIGUSR2: node limit-taker.ts URL ALLOWANCE COUNT. Run by redis-limits.test.ts, several at once.

import { once } from 'node:events'
import type { Allowance } from '../../src/plugins/limits/limiter.ts'
import { openSharedLimiter, tally } from '../support/limiters.ts'

const [url = '', allowance = '', count = ''] = process.argv.slice(2)
const allowed = JSON.parse(allowance) as Allowance
const { limiter } = await openSharedLimiter(url)
const told = once(process, 'SIGUSR2')
process.stdout.write('ready\n')
// A listener for a signal keeps no process alive.
const alive = setInterval(() => undefined, 1_000)
await told
clearInterval(alive)
const verdicts = await Promise.all(Array.from({ length: Number(count) }, async () => limiter.take(allowed)))
process.stdout.write(`${JSON.stringify(tally(verdicts))}\n`)
await limiter.stop()
