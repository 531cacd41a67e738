// In which form a manifest goes out, and where: standard output, a new file, or the place of the one that was read.

import { stringify } from 'yaml'
import { replaceFile, writeNew } from './files.ts'
import { Refusal } from './refusal.ts'
import { PIPE, type Terminal } from './terminal.ts'

export type Format = 'yaml' | 'json'

/** The options that say where it goes. */
export interface OutputOptions {
  readonly 'key.out_file'?: string
  readonly output?: string
}

/** A file's name decides, then `--output`, then `otherwise`. */
export function formatOf({ 'key.out_file': file, output }: OutputOptions, otherwise: Format): Format {
  const asked = output === undefined ? undefined : formatNamed(output)
  if (output !== undefined && asked === undefined) {
    throw new Refusal(`--output ${JSON.stringify(output)}: yaml or json`)
  }
  if (file === undefined || file === PIPE) return asked ?? otherwise
  const named = formatNamed(/\.([a-z]+)$/.exec(file)?.[1] ?? '')
  if (named === undefined) {
    throw new Refusal(`--key.out_file ${JSON.stringify(file)}: its name must end in .yaml, .yml or .json`)
  }
  if (asked !== undefined && asked !== named) {
    throw new Refusal(`--output ${asked} and --key.out_file ${JSON.stringify(file)} contradict each other`)
  }
  return named
}

export function render(value: unknown, format: Format): string {
  if (format === 'json') return `${JSON.stringify(value, undefined, 2)}\n`
  // YAML 1.1, which kubectl reads, has more words that are no texts: dates, yes, on.
  return stringify(value, { lineWidth: 0, compat: 'yaml-1.1' })
}

/** Where a manifest that was read and changed may go. */
export interface ChangeOptions extends OutputOptions {
  readonly 'key.in_file': string
  readonly in_place?: boolean
}

/** As `formatOf`; in place, a manifest keeps the form that it has. */
export function changeFormatOf(options: ChangeOptions, found: Format): Format {
  const format = formatOf(options, found)
  if (options.in_place !== true) return format
  if (options['key.in_file'] === PIPE) throw new Refusal('--in_place: standard input has no place')
  if (format !== found) throw new Refusal(`--in_place: the file is ${found}, and stays so`)
  return format
}

/** To standard output or a new file. */
export async function deliver(text: string, options: OutputOptions, terminal: Terminal): Promise<void> {
  const file = options['key.out_file']
  if (file === undefined || file === PIPE) await terminal.out(text)
  else writeNew('--key.out_file', file, text, 0o644)
}

/** As `deliver`, or into the place of what was read. */
export async function deliverChange(
  text: string,
  before: Buffer,
  options: ChangeOptions,
  terminal: Terminal,
): Promise<void> {
  if (options.in_place !== true) return deliver(text, options, terminal)
  if (!before.equals(Buffer.from(text))) replaceFile('--key.in_file', options['key.in_file'], before, text)
}

function formatNamed(name: string): Format | undefined {
  if (name === 'json') return 'json'
  return name === 'yaml' || name === 'yml' ? 'yaml' : undefined
}
