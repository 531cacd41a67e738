// What the programs have in common: a command line, and a life from the options to the exit. Exit status 2 is a wrong
// command or option, 1 a failed start.

import { Command } from 'commander'
import { helpText } from '../config/document.ts'
import { loadOptions } from '../config/load.ts'
import type { Options } from '../config/options.ts'
import { createLife, type LifeInputs, type LifeStep } from '../life.ts'
import { versionText } from './version.ts'

/** What `start` runs. */
export interface Service {
  readonly log: LifeInputs['log']
  start(): Promise<{ readonly problem: string } | object>
  drainSteps(): readonly LifeStep[]
  /** An exception that nobody caught. */
  countFault?(): void
}

export interface ProgramParts {
  readonly name: string
  readonly description: string
  /** What `start` does, for the help. */
  readonly starts: string
  readonly create: (options: Options) => Service | Promise<Service>
}

/** A program with the commands `start` and `version`. */
export function createProgram({ name, description, starts, create }: ProgramParts): Command {
  const program = new Command(name)
    .description(description)
    .exitOverride((exit) => {
      process.exit(exit.exitCode === 0 ? 0 : 2)
    })
    .showHelpAfterError(`(${name} --help tells what there is)`)
  program
    .command('start')
    .description(starts)
    .usage('[--name value | --name=value ...]')
    // Options are read by config/load.ts: one table for flags, variables and files.
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText('after', () => `\n${helpText()}`)
    .action(async () => run(name, process.argv.slice(process.argv.indexOf('start') + 1), create))
  program
    .command('version')
    .description('prints the version, and what it runs on')
    .action(() => {
      process.stdout.write(versionText())
    })
  return program
}

/** Runs until a signal ends it; the process exits from here. */
async function run(name: string, argv: readonly string[], create: ProgramParts['create']): Promise<void> {
  const loaded = loadOptions({ argv, env: process.env })
  if ('problem' in loaded) return fail(name, 2, loaded.problem)
  const service = await create(loaded.options)
  const life = createLife({
    log: service.log,
    steps: service.drainSteps(),
    timeoutMs: loaded.options['server.shutdown_timeout'],
    exit: (status) => process.exit(status),
    onFault: () => service.countFault?.(),
    process,
  })
  const started = await service.start()
  if ('problem' in started) return fail(name, 1, started.problem)
  life.started()
}

/** Ends a start that cannot go on, with one line. */
function fail(name: string, status: 1 | 2, problem: string): never {
  process.stderr.write(`${name}: ${problem}\n`)
  process.exit(status)
}
