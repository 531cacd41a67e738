// The fleet that the options ask for. Loaded only where they ask for one.

import type { AccessLogOutput } from '../telemetry/access-log.ts'
import type { LogOutput } from '../telemetry/log.ts'
import { Fleet, type FleetParts } from './fleet.ts'
import type { WriteLines } from './worker-process.ts'

export interface FleetOutputs {
  readonly stdout: Pick<AccessLogOutput, 'isTTY' | 'write'>
  readonly stderr: Pick<LogOutput, 'isTTY' | 'write'>
}

/** Makes it; no process is started yet. */
export function openFleet(
  parts: Omit<FleetParts, 'terminals' | 'writeLines'>,
  { stdout, stderr }: FleetOutputs,
): Fleet {
  return new Fleet({
    ...parts,
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
