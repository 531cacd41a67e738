// Whether a watched directory can be read at all, asked once before the start. Never called while the gateway runs:
// then a directory that goes away is stale, not an error.

import { opendir, stat } from 'node:fs/promises'
import { escapePath } from './escape-path.ts'
import { codeOf } from './scan.ts'

/** Undefined, or one line that says why the directory cannot be a source. */
export async function checkDirectory(path: string): Promise<string | undefined> {
  const shown = `source.directory "${escapePath(path)}"`
  try {
    if (!(await stat(path)).isDirectory()) return `${shown} is not a directory`
    const folder = await opendir(path)
    await folder.close()
    return undefined
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return `${shown} does not exist`
    if (code === 'EACCES') return `${shown} cannot be read: permission denied`
    return `${shown} cannot be read (${code})`
  }
}
