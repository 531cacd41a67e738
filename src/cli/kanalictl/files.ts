// Files and pipes of kanalictl. What is wrong with one is thrown as a `Refusal`: one line for a person, and exit status 1.

import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** What a person asked for cannot be done. */
export class Refusal extends Error {}

/** Standard input. */
export const PIPE = '-'
const BYTES_MAX = 64 * 1024 * 1024
const MANIFEST = /\.(?:ya?ml|json)$/
const STDIN = 0

export function read(option: string, file: string): Buffer {
  try {
    const content = readFileSync(file === PIPE ? STDIN : file)
    if (content.length <= BYTES_MAX) return content
  } catch (error) {
    throw new Refusal(`${option} ${JSON.stringify(file)}: ${whyOf(error)}`, { cause: error })
  }
  throw new Refusal(`${option} ${JSON.stringify(file)}: it has more than ${BYTES_MAX} bytes`)
}

/** The file itself, or every manifest in the folder and below it, in order of names. */
export function manifestsIn(option: string, place: string): string[] {
  if (place === PIPE) return [place]
  try {
    if (!lstatSync(place).isDirectory()) return [place]
    const names = readdirSync(place, { recursive: true, encoding: 'utf8' })
    return names
      .filter((name) => MANIFEST.test(name))
      .sort()
      .map((name) => path.join(place, name))
  } catch (error) {
    throw new Refusal(`${option} ${JSON.stringify(place)}: ${whyOf(error)}`, { cause: error })
  }
}

/** Writes a new file; one that is there already is never written over. */
export function writeNew(option: string, file: string, content: string, mode: number): void {
  try {
    writeFileSync(file, content, { flag: 'wx', mode })
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    const why = exists ? 'it is there already, and is not written over' : whyOf(error)
    throw new Refusal(`${option} ${JSON.stringify(file)}: ${why}`, { cause: error })
  }
}

function whyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT') return 'it is not there'
  if (code === 'EACCES') return 'permission denied'
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'unreadable'
}
