// Runs the commands of pages on a gateway in the state of the page, and compares output and exit status with what the
// page says. Says all that differs, not only the first.

import type { Produced } from '../every-outcome/every-outcome.ts'
import type { OutcomeGateway } from '../every-outcome/outcome.ts'
import type { PageCommand } from './page-commands.ts'
import { fillCommand, fillText, type Placeholders } from './placeholders.ts'
import type { RunbookShell } from './shell.ts'

/** A command, and the state that it is run in. */
export interface Run {
  readonly command: PageCommand
  readonly gateway: OutcomeGateway
  readonly values: Placeholders
  /** The request that brought the state about, for messages. */
  readonly state: string
}

const TOGETHER = 3

/** What differs from the pages, a line each; empty where all is as they say. */
export function differences(shell: RunbookShell, runs: readonly Run[]): Promise<string[]> {
  return ofEach(runs, (run) => difference(shell, run))
}

/** What a program says of a command that it does not understand. */
const NOT_UNDERSTOOD =
  /syntax error|unknown (flag|option|command|shorthand)|unrecognized option|invalid option|is unknown|^usage:/im
/** What a shell says of a program that is not there, be it in the middle of a pipe. */
const NOT_THERE = /^sh: \d+: \S+: not found$/m

/**
 * The commands within the catalogue's sentences, as `kanali explain` fills them in for a request: nothing is said there
 * about what they show, so they are only to be understood by the shell and the program. A line for each that is not.
 */
export function misunderstood(
  shell: RunbookShell,
  produced: readonly Produced[],
  picks: (command: string) => boolean,
): Promise<string[]> {
  const all = produced.flatMap(({ outcome, gateway, report }) =>
    report.checks.filter(picks).map((check) => ({ outcome, gateway, check })),
  )
  return ofEach(all, async ({ outcome, gateway, check }) => {
    const { status, output } = await shell.tryOut(check, gateway)
    const runs = !NOT_THERE.test(output) && (status === 0 || !NOT_UNDERSTOOD.test(output))
    return runs ? undefined : `${outcome}: ${check}\n  ended with ${status}: ${output.slice(0, 300)}`
  })
}

/** Some at a time; what `judge` says of each, where it says anything. */
async function ofEach<T>(
  all: readonly T[],
  judge: (one: T) => Promise<string | undefined>,
): Promise<string[]> {
  const wrong: string[] = []
  const left = [...all]
  const work = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      const said = await judge(one)
      if (said !== undefined) wrong.push(said)
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, work))
  return wrong
}

async function difference(shell: RunbookShell, run: Run): Promise<string | undefined> {
  const { command, gateway, values, state } = run
  const at = `${command.page}:${command.line} (${state} on ${gateway.name})`
  try {
    const filled = fillCommand(command.command, values)
    const { status, output } = await shell.run(filled, gateway)
    const missing = command.shows
      .map((text) => fillText(text, values))
      .filter((text) => !output.includes(text))
    if (status === command.exit && missing.length === 0) return undefined
    const lacks = missing.length === 0 ? '' : `, without ${missing.map((text) => `"${text}"`).join(', ')}`
    return `${at}: ended with ${status} instead of ${command.exit}${lacks}\n  ${filled}\n  ${output.slice(0, 800)}`
  } catch (error) {
    return `${at}: ${(error as Error).message}`
  }
}
