#!/usr/bin/env node
// The program `validator`: the admission webhook. Exit status 2 is a wrong command or option, 1 a failed start.

import { Command } from 'commander'
import { helpText } from '../config/document.ts'
import { loadOptions } from '../config/load.ts'
import { createLife } from '../life.ts'
import { createValidator } from '../validator.ts'
import { versionText } from './version.ts'

const program = new Command('validator')
  .description('The admission webhook of Kanali: refuses what a build would refuse.')
  .exitOverride((exit) => {
    process.exit(exit.exitCode === 0 ? 0 : 2)
  })
  .showHelpAfterError('(validator --help tells what there is)')

program
  .command('start')
  .description('runs the webhook; needs server.tls.cert_file and server.tls.key_file')
  .usage('[--name value | --name=value ...]')
  .allowUnknownOption()
  .allowExcessArguments()
  .addHelpText('after', () => `\nIt takes the options of the gateway:\n${helpText()}`)
  .action(async () => start(process.argv.slice(process.argv.indexOf('start') + 1)))

program
  .command('version')
  .description('prints the version, and what it runs on')
  .action(() => {
    process.stdout.write(versionText())
  })

await program.parseAsync()

async function start(argv: readonly string[]): Promise<void> {
  const loaded = loadOptions({ argv, env: process.env })
  if ('problem' in loaded) return fail(2, loaded.problem)
  const validator = createValidator(loaded.options)
  const life = createLife({
    log: validator.log,
    steps: validator.drainSteps(),
    timeoutMs: loaded.options['server.shutdown_timeout'],
    exit: (status) => process.exit(status),
    onFault: () => undefined,
    process,
  })
  const started = await validator.start()
  if ('problem' in started) return fail(1, started.problem)
  life.started()
}

function fail(status: 1 | 2, problem: string): never {
  process.stderr.write(`validator: ${problem}\n`)
  process.exit(status)
}
