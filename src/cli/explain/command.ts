// `kanali explain`, its options and what its help says. What it does is loaded when it is called (explain.ts).

import type { Command } from 'commander'
import { DEFAULT_GATEWAY } from './default-gateway.ts'
import type { ExplainOptions } from './explain.ts'
import { finish } from './refusal.ts'

const HELP = `
WHAT is one of
  a code             08                                  what it means, its reasons
  a reason           connection_refused                  what it means, what to check
  a trace id         4bf92f3577b34da6a3ce929d0e0e4736     what happened to its requests: x-kanali-correlation-id

Examples
  kanali explain 08
  kanali explain 4bf92f3577b34da6a3ce929d0e0e4736
  kanali explain 4bf92f3577b34da6a3ce929d0e0e4736 --otlp-json traces.json
  kanali explain --request 'GET https://shop.example/cart' --header 'x-tenant: a'
  kanali explain --request 'GET https://shop.example/cart' --directory ./manifests
  kanali explain --request 'GET https://shop.example/cart' --journal ./journal --at 2027-01-31T03:12:00Z

With --output json each explanation is one line. Exit status: 0 explained; 1 not found: no such code or reason, or
nothing remembered of that trace; 2 wrong command or option; 3 the gateway, the file or the folder cannot be read.
`

/** Adds the command to a program. */
export function addExplain(program: Command): void {
  program
    .command('explain')
    .description('tells why a request ended as it did, or would end')
    .argument('[what]', 'a code, a reason or a trace id')
    .option('--request <request>', 'METHOD URL: what would be decided on it; nothing is sent')
    .option('--header <header>', 'NAME: VALUE of that request; can be given again', append, [])
    .option('--gateway <url>', `profiling port of a running gateway (default: ${DEFAULT_GATEWAY})`)
    .option('--directory <folder>', 'decide by these manifests instead of asking a gateway')
    .option('--journal <folder>', 'decide as a gateway did, by its journal (events.journal_dir)')
    .option('--at <revision or time>', 'when, with --journal; the end where absent')
    .option(
      '--otlp-json <file>',
      "a file of the Collector's file exporter instead of a gateway; - is standard input",
    )
    .option('--output <format>', 'text or json', 'text')
    .addHelpText('after', HELP)
    .action(async (what: string | undefined, options: ExplainOptions) => {
      const { explain } = await import('./explain.ts')
      finish(await explain(what, options))
    })
}

function append(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
