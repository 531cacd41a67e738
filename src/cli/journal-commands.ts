// The commands that read a journal, `kanali replay` and `kanali diff`: their options, and what their help says. They change
// nothing in it, and read that of a gateway at work as well. What they do is loaded when they are called.

import { type Command, Option } from 'commander'
import type { DiffOptions } from './diff.ts'
import type { Printer, ReplayOptions } from './replay.ts'

const STATUSES = `
Exit status: 0 done, 1 there is no journal or it does not hold what was asked for, 2 wrong command or option.`

const PRINTER: Printer = {
  out: (text) => process.stdout.write(text),
  say: (text) => void process.stderr.write(text),
}

/** Adds them to the program. */
export function addJournalCommands(program: Command): void {
  program
    .command('replay')
    .description('shows what a gateway knew at a revision or time, from its journal')
    .requiredOption('--journal <folder>', 'folder of the journal (events.journal_dir)')
    .option(
      '--at <revision or time>',
      'a revision, or a time such as 2026-01-31T12:00:00Z; the end where absent',
    )
    .addOption(outputOption())
    .option('--state', 'the objects alone, as they were known')
    .option('--snapshot', 'the routes and conditions alone, as requests were decided by them')
    .option('--follow', 'go on with each record as it is written, until interrupted')
    .addHelpText('after', STATUSES)
    .action(async (options: ReplayOptions) => {
      const { replay } = await import('./replay.ts')
      process.exitCode = await replay(options, PRINTER, interrupted)
    })
  program
    .command('diff')
    .description('shows which routes differ between two revisions, in what, and through which changes')
    .argument('<revision>', 'the older one')
    .argument('<revision>', 'the newer one')
    .requiredOption('--journal <folder>', 'folder of the journal (events.journal_dir)')
    .addOption(outputOption())
    .addHelpText('after', STATUSES)
    .action(async (from: string, to: string, options: DiffOptions) => {
      const { diff } = await import('./diff.ts')
      process.exitCode = diff(from, to, options, PRINTER)
    })
}

function outputOption(): Option {
  return new Option('--output <format>', 'form of the output').choices(['yaml', 'json']).default('yaml')
}

/** Aborts when the person has seen enough. */
function interrupted(): AbortSignal {
  const seen = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => seen.abort())
  process.stdout.once('error', () => seen.abort())
  return seen.signal
}
