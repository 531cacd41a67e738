// `kanali why`, its options and what its help says. What it does is loaded when it is called (why.ts).

import type { Command } from 'commander'
import { DEFAULT_GATEWAY } from '../explain/default-gateway.ts'
import { finish } from '../explain/refusal.ts'
import type { WhyFlags } from './why.ts'

const HELP = `
Examples
  kanali why 4bf92f3577b34da6a3ce929d0e0e4736 --journal /var/lib/kanali/journal
  kanali why --request 'GET https://shop.example/cart' --journal ./journal

Of a trace with several requests the last failed one is taken. Which api key a request carried is not known here: changes
of ApiKeys are passed over.

Exit status: 0 told; 1 the gateway remembers nothing of that trace, or the journal does not reach there; 2 wrong command
or option; 3 the gateway or the journal cannot be read.
`

/** Adds the command to a program. */
export function addWhy(program: Command): void {
  program
    .command('why')
    .description('names the change of configuration that made the decision on a request what it is')
    .argument('[trace id]', 'of a request that the running gateway remembers: x-kanali-correlation-id')
    .option('--request <request>', 'METHOD URL, instead of a trace id')
    .option(
      '--header <header>',
      'NAME: VALUE of that request; can be given again',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .requiredOption('--journal <folder>', 'folder of the journal (events.journal_dir)')
    .option('--gateway <url>', 'profiling port of the running gateway', DEFAULT_GATEWAY)
    .option('--output <format>', 'text or json', 'text')
    .addHelpText('after', HELP)
    .action(async (trace: string | undefined, flags: WhyFlags) => {
      const { why } = await import('./why.ts')
      finish(await why(trace, flags))
    })
}
