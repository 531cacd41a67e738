// How many processes are to serve.

import { availableParallelism } from 'node:os'
import type { Options } from '../config/options.ts'

/** 1 where the process that is asked does everything itself. */
export function workerCount({ 'server.workers': asked }: Pick<Options, 'server.workers'>): number {
  return asked === 'auto' ? availableParallelism() : asked
}
