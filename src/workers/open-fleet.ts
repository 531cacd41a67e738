// The fleet that the options ask for, if they ask for one: how many workers, and what a gateway of several processes
// cannot do.

import { availableParallelism } from 'node:os'
import type { Options } from '../config/options.ts'
import type { AccessLogOutput } from '../telemetry/access-log.ts'
import type { LogOutput } from '../telemetry/log.ts'
import { Fleet, type FleetParts } from './fleet.ts'
import type { WriteLines } from './worker-process.ts'

export interface FleetOutputs {
  readonly stdout: Pick<AccessLogOutput, 'isTTY' | 'write'>
  readonly stderr: Pick<LogOutput, 'isTTY' | 'write'>
}

/** How many processes are to serve. */
export function workerCount({ 'server.workers': asked }: Pick<Options, 'server.workers'>): number {
  return asked === 'auto' ? availableParallelism() : asked
}

/** Undefined where one process is to do everything. */
export function openFleet(
  parts: Omit<FleetParts, 'count' | 'terminals' | 'writeLines'>,
  { stdout, stderr }: FleetOutputs,
): Fleet | undefined {
  const count = workerCount(parts.options)
  if (count === 1) return undefined
  return new Fleet({
    ...parts,
    count,
    terminals: { stdout: stdout.isTTY === true, stderr: stderr.isTTY === true },
    writeLines: linesTo(stdout, stderr),
  })
}

/** Each piece is of whole lines, so that lines of several workers never end up inside one another. */
function linesTo(stdout: FleetOutputs['stdout'], stderr: FleetOutputs['stderr']): WriteLines {
  return (output, text, written) => {
    const chunk = Buffer.from(text)
    if (output === 'stdout') stdout.write(chunk, (error) => written(error instanceof Error))
    else stderr.write(chunk.toString(), (error) => written(error instanceof Error))
  }
}
