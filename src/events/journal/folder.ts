// The folder of a journal and the names in it. It is its owner's alone (0700, files 0600), and nothing in it is reached
// through a symbolic link: whoever can put one there could have the gateway write over another file.

import { constants } from 'node:fs'
import { chmod, lstat, mkdir, open, readdir, unlink } from 'node:fs/promises'
import { lstatSync, readdirSync } from 'node:fs'
import path from 'node:path'

export const FOLDER_MODE = 0o700
export const FILE_MODE = 0o600
const OTHERS = 0o077

/** Flags of every opening here. */
export const NO_LINKS = constants.O_NOFOLLOW

const SEGMENT = /^(\d{16})\.journal$/
/** A segment whose checkpoint is not complete. */
export const UNFINISHED = '.unfinished'

/** What stands in the way of a journal in this folder. A refusal is for a person to settle; a fault may pass. */
export interface Obstacle {
  readonly problem: string
  readonly passing: boolean
}

/** Name of the segment whose first record has this number: names sort as their records do. */
export function segmentName(seq: number): string {
  return `${String(seq).padStart(16, '0')}.journal`
}

/** Number of its first record; undefined for a file that is no segment. */
export function seqOfName(name: string): number | undefined {
  const digits = SEGMENT.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Names of all segments, the oldest first. Throws where the folder cannot be read. */
export function listSegments(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && seqOfName(entry.name) !== undefined)
    .map(({ name }) => name)
    .sort()
}

/** Why this is no journal that can be read; undefined where it is one. */
export function whyNoJournal(folder: string): string | undefined {
  try {
    if (!lstatSync(folder).isDirectory()) return `${folder} is no folder`
    return listSegments(folder).length === 0 ? `there is no journal in ${folder}` : undefined
  } catch (error) {
    return codeOf(error) === 'ENOENT'
      ? `there is no folder ${folder}`
      : `${folder} cannot be read: ${codeOf(error)}`
  }
}

/**
 * Makes the folder, or sees to it that an existing one is its owner's alone: a looser mode is tightened and said.
 * @returns undefined where it can be used
 */
export async function prepareFolder(
  folder: string,
  log: { warn(fields: object, message: string): void },
): Promise<Obstacle | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    const found = await lstat(folder)
    if (!found.isDirectory()) return refusal(`${folder} is no folder, or a symbolic link`)
    if ((found.mode & OTHERS) === 0) return undefined
    const mode = (found.mode & 0o777).toString(8)
    try {
      await chmod(folder, FOLDER_MODE)
    } catch (error) {
      if (codeOf(error) !== 'EPERM') throw error
      return refusal(`${folder} has mode ${mode} and cannot be given 700: name a folder below it`)
    }
    log.warn({ folder, mode }, 'the folder of the journal was open to others: it has mode 700 now')
    return undefined
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST' || code === 'ENOTDIR') return refusal(`${folder} is no folder`)
    return { problem: `${folder} cannot be used: ${code}`, passing: true }
  }
}

/** Removes what a process that was killed had begun. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith(UNFINISHED)) await unlink(path.join(folder, name))
  }
}

/** So that a new name in the folder outlives a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** `ENOSPC` and the like; for anything else its message. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

function refusal(problem: string): Obstacle {
  return { problem, passing: false }
}
