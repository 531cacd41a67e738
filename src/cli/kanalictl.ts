#!/usr/bin/env node
// The program `kanalictl`: api keys and the RSA pair that they are encrypted with. Exit status 2 is a wrong command or
// option, 1 what could not be done.

import { Command } from 'commander'
import { decryptApiKeys, type DecryptOptions } from './kanalictl/decrypt.ts'
import { Refusal } from './kanalictl/files.ts'
import {
  generateApiKey,
  type GenerateOptions,
  generateRsa,
  type GenerateRsaOptions,
  type Terminal,
} from './kanalictl/generate.ts'
import { versionText } from './version.ts'

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  say: (text) => void process.stderr.write(text),
  isWatched: process.stderr.isTTY,
}

const program = new Command('kanalictl')
  .description('Makes and reads what the gateway needs of keys.')
  .exitOverride((exit) => {
    process.exit(exit.exitCode === 0 ? 0 : 2)
  })
  .showHelpAfterError('(kanalictl --help tells what there is)')

const apikey = program.command('apikey').description('api keys')

apikey
  .command('generate')
  .description('makes an ApiKey; its clear key is shown once')
  .requiredOption('--key.name <name>', 'name of the ApiKey')
  .option('--key.data <key>', 'a key of your own, letters and digits; - reads it from standard input')
  .option('--key.length <characters>', 'length of a key that is made', '32')
  .option(
    '--key.out_file <file>',
    'where the ApiKey goes (.yaml, .yml or .json); standard output where absent',
  )
  .option('--key.show', 'show the clear key on standard error, also where that is no terminal')
  .requiredOption('--rsa.public_key_file <file>', 'RSA public key, PEM')
  .option('--output <format>', 'yaml or json, for standard output', 'yaml')
  .action((options: GenerateOptions) => attempt(() => generateApiKey(options, terminal)))

apikey
  .command('decrypt')
  .description('shows the clear keys of ApiKeys')
  .requiredOption('--key.in_file <place>', 'a file, a folder of manifests, or - for standard input')
  .requiredOption('--rsa.private_key_file <file>', 'RSA private key, PEM (PKCS#1 or PKCS#8)')
  .option('--output <format>', 'table or json', 'table')
  .action((options: DecryptOptions) =>
    attempt(async () => {
      if (!(await decryptApiKeys(options, terminal))) process.exitCode = 1
    }),
  )

program
  .command('rsa')
  .description('the RSA pair')
  .command('generate')
  .description('makes a pair; the private key is readable by its owner alone')
  .option('--rsa.private_key_file <file>', 'where the private key goes (PKCS#8)', 'kanali.key')
  .option('--rsa.public_key_file <file>', 'where the public key goes (SPKI)', 'kanali.pub')
  .option('--rsa.bits <bits>', 'length of the modulus', '3072')
  .action((options: GenerateRsaOptions) => attempt(() => generateRsa(options, terminal)))

program
  .command('version')
  .description('prints the version, and what it runs on')
  .action(() => terminal.out(versionText()))

await program.parseAsync()

/** What is refused ends the program with its one line. */
async function attempt(run: () => void | Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    terminal.say(`kanalictl: ${error.message}\n`)
    process.exitCode = 1
  }
}
