// `kanali check`, its options and what its help says. What it does is loaded when it is called (check.ts).

import type { Command } from 'commander'
import { KINDS } from '../../resources/resource.ts'
import type { CheckFlags } from './check.ts'

const HELP = `
What is looked at: syntax and rules of every object, conflicts of places, references (Services, Secrets and their
certificates, MockTargets, bindings), expressions, configurations of built-in plugins. External plugins are taken to be
there. Options of a build (routing.cross_namespace, proxy.*) are taken from variables and configuration files.

Examples
  kanali check ./manifests
  kanali check ./manifests --assume Service --assume Secret     objects that come from elsewhere
  kanali check ./manifests --strict --output json
  kanali check ./new --old ./manifests --against access.log      which requests would be decided otherwise

Recorded requests have no header fields: what depends on them is decided by defaults on both sides.

Exit status: 0 nothing is wrong; 1 something is, or a request that was served would not be (with --strict also where
something may surprise); 2 wrong command or option; 3 a folder or the recorded requests cannot be read.
`

/** Adds the command to a program. */
export function addCheck(program: Command): void {
  program
    .command('check')
    .description('tells what is wrong with manifests, with file and line; exit status for CI')
    .argument('<folder>', 'manifests in YAML or JSON, with those in folders below')
    .option(
      '--assume <kind>',
      `references to objects of this kind are taken to be right; can be given again (${KINDS.join(', ')})`,
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option(
      '--against <traffic>',
      'recorded requests: lines of the access log, or what /debug/exchanges answers; - is standard input',
    )
    .option('--old <folder>', 'the manifests that --against compares with')
    .option('--strict', 'warnings count as errors')
    .option('--output <format>', 'text or json', 'text')
    .addHelpText('after', HELP)
    .action(async (folder: string, flags: CheckFlags) => {
      const { check } = await import('./check.ts')
      process.exitCode = await check(folder, flags)
    })
}
