// Keeps what Node has made of the program's files (compiled code; for a checkout also the types taken off), so that the
// next start need not. To be called before anything else is imported. It must never fail a start, nor use a folder that
// others may write to: what lies in it is run.

import { lstatSync, mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'

const OTHERS_MAY_WRITE = 0o022

/**
 * Uses `$XDG_CACHE_HOME/kanali`, else `~/.cache/kanali`; Node's own NODE_COMPILE_CACHE=folder and
 * NODE_DISABLE_COMPILE_CACHE=1 win. Where there is no such folder and none can be made, a start is only slower.
 */
export function keepCompiled(): void {
  try {
    const { NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE, XDG_CACHE_HOME: given = '' } = process.env
    if (NODE_COMPILE_CACHE !== undefined || NODE_DISABLE_COMPILE_CACHE !== undefined) return
    // The specification of XDG has a relative path ignored.
    const caches = path.isAbsolute(given) ? given : path.join(homedir(), '.cache')
    const folder = path.join(caches, 'kanali')
    // One after the other: where a file system refuses with ENOENT, as /proc does, Node's recursive mkdir never ends.
    if (isOwn(caches) && isOwn(folder)) enableCompileCache(folder)
  } catch {
    // No home, no such folder, a file in its place, a file system that is read-only.
  }
}

/** Makes it where it is not there. */
function isOwn(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found === undefined) {
    mkdirSync(folder, { mode: 0o700 })
    return true
  }
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & OTHERS_MAY_WRITE) === 0
}
