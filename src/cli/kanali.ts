#!/usr/bin/env node
// The program `kanali`: reads its command, calls, prints. Exit status 2 is a wrong command or option, 1 a failed start.

import { Command } from 'commander'
import { helpText } from '../config/document.ts'
import { crdDocuments } from './crds.ts'
import { start } from './start.ts'
import { versionText } from './version.ts'

const program = new Command('kanali')
  .description('An API gateway for Kubernetes whose every failed request explains itself.')
  .exitOverride((exit) => {
    process.exit(exit.exitCode === 0 ? 0 : 2)
  })
  .showHelpAfterError('(kanali --help tells what there is)')

program
  .command('start')
  .description('runs the gateway')
  .usage('[--name value | --name=value ...]')
  // Options are read by config/load.ts: one table for flags, variables and files.
  .allowUnknownOption()
  .allowExcessArguments()
  .addHelpText('after', () => `\n${helpText()}`)
  .action(async () => start(process.argv.slice(process.argv.indexOf('start') + 1)))

program
  .command('version')
  .description('prints the version, and what it runs on')
  .action(() => {
    process.stdout.write(versionText())
  })

program
  .command('crds')
  .description('prints the CustomResourceDefinitions, for kubectl apply -f -')
  .action(() => {
    process.stdout.write(crdDocuments())
  })

await program.parseAsync()
