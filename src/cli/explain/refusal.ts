// Why `kanali explain` and `kanali why` have nothing to show: one line for a person, and the exit status that goes with it.

import { lineText } from '../../telemetry/visible-text.ts'

/** `not found`: nothing of that name or trace; `usage`: a wrong command; `unreachable`: gateway, file or folder cannot be read. */
export type RefusalType = 'not found' | 'usage' | 'unreachable'

export interface Refused {
  readonly refused: RefusalType
  readonly message: string
}

const EXIT_STATUS: Readonly<Record<RefusalType, number>> = {
  'not found': 1,
  usage: 2,
  unreachable: 3,
}

export function refuse(refused: RefusalType, message: string): Refused {
  return { refused, message }
}

/** Prints what was found, or why nothing was, and sets the exit status. */
export function finish(said: string | Refused): void {
  if (typeof said === 'string') process.stdout.write(said)
  else {
    process.stderr.write(`kanali: ${lineText(said.message)}\n`)
    process.exitCode = EXIT_STATUS[said.refused]
  }
}
