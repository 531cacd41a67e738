// Files of kanalictl. A file that is there is never written over, but where that was asked for, and then as a whole or
// not at all. What cannot be done is thrown as a `Refusal`.

import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { Refusal, whyOf } from './refusal.ts'
import { BYTES_MAX, PIPE, type Terminal } from './terminal.ts'

const MANIFEST = /\.(?:ya?ml|json)$/
const HIDDEN = /(?:^|[\\/])\./
const FILES_MAX = 20_000
const CHUNK_BYTES = 64 * 1024

/** A file, or standard input where it is named `-`. */
export async function read(option: string, file: string, terminal: Terminal): Promise<Buffer> {
  if (file === PIPE) return terminal.in(option)
  const content = attempt(option, file, () => readBounded(file))
  if (content === undefined) throw new Refusal(`${shown(option, file)}: it has more than ${BYTES_MAX} bytes`)
  return content
}

/** The file itself, or every manifest in the folder and below it but hidden ones, in order of names. */
export function manifestsIn(option: string, place: string): string[] {
  if (place === PIPE) return [place]
  return attempt(option, place, () => {
    if (!statSync(place).isDirectory()) return [place]
    const names = readdirSync(place, { recursive: true, encoding: 'utf8' })
      .filter((name) => MANIFEST.test(name) && !HIDDEN.test(name))
      .sort()
    if (names.length > FILES_MAX) {
      throw new Refusal(`${shown(option, place)}: it has more than ${FILES_MAX} manifests`)
    }
    return names.map((name) => path.join(place, name))
  })
}

/** Writes a new file, or leaves none behind; one that is there already is never written over. */
export function writeNew(option: string, file: string, content: string, mode: number): void {
  attempt(option, file, () => create(file, content, mode))
}

/**
 * Replaces a file in one step; its mode and owner stay, and so does a link that leads to it.
 * @param before what was read from it: where it holds something else by now, nothing is done
 */
export function replaceFile(option: string, file: string, before: Buffer, content: string): void {
  attempt(option, file, () => {
    const target = realpathSync(file)
    const { mode, uid, gid } = statSync(target)
    const draft = path.join(
      path.dirname(target),
      `.${path.basename(target)}.${randomBytes(6).toString('hex')}.tmp`,
    )
    create(draft, content, 0o600, (descriptor) => {
      fchownSync(descriptor, uid, gid)
      fchmodSync(descriptor, mode & 0o7777)
    })
    try {
      if (!readFileSync(target).equals(before)) {
        throw new Refusal(
          `${shown(option, file)}: somebody else has changed it meanwhile; nothing is written`,
        )
      }
      renameSync(draft, target)
    } catch (error) {
      rmSync(draft, { force: true })
      throw error
    }
  })
}

/** Undefined where it holds more than may be read. */
function readBounded(file: string): Buffer | undefined {
  const descriptor = openSync(file, 'r')
  try {
    const chunks: Buffer[] = []
    for (let length = 0; length <= BYTES_MAX; ) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const count = readSync(descriptor, chunk)
      if (count === 0) return Buffer.concat(chunks)
      chunks.push(chunk.subarray(0, count))
      length += count
    }
    return undefined
  } finally {
    closeSync(descriptor)
  }
}

function create(file: string, content: string, mode: number, settle?: (descriptor: number) => void): void {
  const descriptor = openSync(file, 'wx', mode)
  try {
    writeFileSync(descriptor, content)
    settle?.(descriptor)
    fsyncSync(descriptor)
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
}

function attempt<T>(option: string, file: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal(`${shown(option, file)}: ${whyOf(error)}`, { cause: error })
  }
}

function shown(option: string, file: string): string {
  return `${option} ${JSON.stringify(file)}`
}
