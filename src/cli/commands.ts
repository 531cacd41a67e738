// The commands of `kanali`. What a command does is loaded when it is called, so that help, version and wrong options are
// answered without any of it.

import { addCheck } from './check/command.ts'
import { addExplain } from './explain/command.ts'
import { addJournalCommands } from './journal-commands.ts'
import { createProgram } from './program.ts'
import { version } from './version.ts'
import { addWhy } from './why/command.ts'

/** Runs the command line of this process. */
export async function runKanali(): Promise<void> {
  const program = createProgram({
    name: 'kanali',
    description: 'An API gateway for Kubernetes whose every failed request explains itself.',
    starts: 'runs the gateway',
    create: async (options) => {
      const { createGateway } = await import('../gateway.ts')
      return createGateway(options, { version: version() })
    },
  })
  program
    .command('crds')
    .description('prints the CustomResourceDefinitions, for kubectl apply -f -')
    .action(async () => {
      const { crdDocuments } = await import('./crds.ts')
      process.stdout.write(crdDocuments())
    })
  addExplain(program)
  addCheck(program)
  addWhy(program)
  addJournalCommands(program)
  await program.parseAsync()
}
