// Why a command of `kanali explain` has nothing to show: one line for a person, and the exit status that goes with it.

/** `not found`: nothing of that name or trace; `usage`: a wrong command; `unreachable`: gateway, file or folder cannot be read. */
export type RefusalType = 'not found' | 'usage' | 'unreachable'

export interface Refused {
  readonly refused: RefusalType
  readonly message: string
}

export const EXIT_STATUS: Readonly<Record<RefusalType, number>> = {
  'not found': 1,
  usage: 2,
  unreachable: 3,
}

export function refuse(refused: RefusalType, message: string): Refused {
  return { refused, message }
}
