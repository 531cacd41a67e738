// The commands of kanalictl, with their options and what their help says. The exit status is 0, 1 for what could not be
// done and 2 for a wrong command or option. What a command does is loaded when it is called.

import { Command, CommanderError } from 'commander'
import { versionText } from '../version.ts'
import type { DecryptOptions } from './decrypt.ts'
import type { GenerateOptions } from './generate.ts'
import type { ChangeOptions } from './output.ts'
import { Refusal } from './refusal.ts'
import type { RotateOptions } from './rotate.ts'
import type { GenerateRsaOptions } from './rsa.ts'
import type { Terminal } from './terminal.ts'

const EXAMPLES = `
A pair, a key, and the same key in a second revision:
  kanalictl rsa generate
  kanalictl apikey generate --key.name shop --rsa.public_key_file kanali.pub --key.out_file shop.yaml
  kanalictl apikey rotate --key.in_file shop.yaml --in_place --inactive.after 14d --rsa.public_key_file kanali.pub

Where a file is read or written, - is standard input or output. Results go to standard output, what is meant for a
person to standard error. Exit status: 0 done, 1 could not be done, 2 wrong command or option.`

const ROTATION = `
An ApiKey has no field for the end of a revision, and the gateway goes by the status alone. So rotation has two steps:
rotate adds the new revision, leaves the old ones Active and writes down their end in annotations
(kanali.io/inactive-after.<digest of the revision>); expire, run on that day or every day, makes them Inactive.`

/** Runs one command line; the exit status. */
export async function runKanalictl(args: readonly string[], terminal: Terminal): Promise<number> {
  let status = 0
  let help = ''
  let complaint = ''
  const program = new Command('kanalictl')
    .description('Makes, rotates and reads api keys, and the RSA pair that they are encrypted with.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void (help += text),
      writeErr: (text) => void (complaint += text),
    })
    .showHelpAfterError('(kanalictl --help tells what there is)')
    .addHelpText('after', EXAMPLES)
  const fail = (isDone: boolean) => void (status = isDone ? 0 : 1)
  addApiKeyCommands(program.command('apikey').description('api keys'), terminal, fail)
  addRsaCommands(program.command('rsa').description('the RSA pair'), terminal)
  program
    .command('version')
    .description('prints the version, and what it runs on')
    .action(() => terminal.out(versionText()))
  try {
    await program.parseAsync(args, { from: 'user' }).catch(async (error: unknown) => {
      if (!(error instanceof CommanderError)) throw error
      status = error.exitCode === 0 ? 0 : 2
      if (help !== '') await terminal.out(help)
      if (complaint !== '') await terminal.say(complaint)
    })
    return status
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    // Where not even this can be said, the status is all that is left.
    await terminal.say(`kanalictl: ${error.message}\n`).catch(() => undefined)
    return 1
  }
}

function addApiKeyCommands(apikey: Command, terminal: Terminal, done: (isDone: boolean) => void): void {
  withKey(apikey.command('generate'))
    .description('makes an ApiKey; its clear key is shown once')
    .requiredOption('--key.name <name>', 'name of the ApiKey')
    .option(
      '--key.out_file <file>',
      'a new file for the ApiKey (.yaml, .yml or .json), instead of standard output',
    )
    .option('--output <format>', 'yaml (the default) or json')
    .action(async (options: GenerateOptions) => {
      const { generateApiKey } = await import('./generate.ts')
      return generateApiKey(options, terminal)
    })
  withKey(withChange(apikey.command('rotate')))
    .description('adds a new Active revision to an ApiKey, and gives those before it an end')
    .requiredOption(
      '--inactive.after <when>',
      'end of the old revisions: a date (2027-01-31T12:00:00Z), how long from now on (14d, 1d12h), or now',
    )
    .option('--key.name <name>', 'name of the ApiKey, where the manifest holds several')
    .addHelpText('after', ROTATION)
    .action(async (options: RotateOptions) => {
      const { rotateApiKey } = await import('./rotate.ts')
      return rotateApiKey(options, terminal)
    })
  withChange(apikey.command('expire'))
    .description('makes revisions Inactive whose end has come; changes nothing else')
    .addHelpText('after', ROTATION)
    .action(async (options: ChangeOptions) => {
      const { expireApiKeys } = await import('./expire.ts')
      done(await expireApiKeys(options, terminal))
    })
  apikey
    .command('decrypt')
    .description('shows the clear keys of ApiKeys')
    .requiredOption('--key.in_file <place>', 'a file, a folder of manifests, or - for standard input')
    .requiredOption('--rsa.private_key_file <file>', 'RSA private key, PEM (PKCS#1 or PKCS#8)')
    .option('--output <format>', 'table, yaml or json', 'table')
    .action(async (options: DecryptOptions) => {
      const { decryptApiKeys } = await import('./decrypt.ts')
      done(await decryptApiKeys(options, terminal))
    })
}

function addRsaCommands(rsa: Command, terminal: Terminal): void {
  rsa
    .command('generate')
    .description('makes a pair; the private key is readable by its owner alone')
    .option('--rsa.private_key_file <file>', 'where the private key goes (PKCS#8)', 'kanali.key')
    .option('--rsa.public_key_file <file>', 'where the public key goes (SPKI)', 'kanali.pub')
    .option('--rsa.bits <bits>', 'length of the modulus', '3072')
    .action(async (options: GenerateRsaOptions) => {
      const { generateRsa } = await import('./rsa.ts')
      return generateRsa(options, terminal)
    })
}

/** The options of a command that makes a clear key. */
function withKey(command: Command): Command {
  return command
    .requiredOption('--rsa.public_key_file <file>', 'RSA public key: PEM, or a certificate')
    .option('--key.data <key>', 'a key of your own, letters and digits; - reads it from standard input')
    .option('--key.length <characters>', 'length of a key that is made', '32')
    .option('--key.show', 'show the clear key on standard error, also where that is no terminal')
}

/** The options of a command that changes a manifest. */
function withChange(command: Command): Command {
  return command
    .requiredOption(
      '--key.in_file <file>',
      'the manifest, YAML or JSON; other objects in it stay as they are',
    )
    .option('--in_place', 'replace the file; without it the manifest goes to standard output')
    .addOption(
      command
        .createOption('--key.out_file <file>', 'a new file for the manifest (.yaml, .yml or .json)')
        .conflicts('in_place'),
    )
    .option('--output <format>', 'yaml or json; without it, the form of the manifest')
}
