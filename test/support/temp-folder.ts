// A folder of a test's own, removed with `await using` or `remove()`. Never inside the checkout.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

export interface TempFolder extends AsyncDisposable {
  readonly path: string
  /** Writes a file below the folder (its parents are made) and returns its absolute path. */
  write(name: string, content: string | Uint8Array): Promise<string>
  remove(): Promise<void>
}

/** A new empty folder. */
export async function tempFolder(label = 'test'): Promise<TempFolder> {
  const root = await mkdtemp(path.join(tmpdir(), `kanali-${label}-`))
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true, maxRetries: 3 })
  return {
    path: root,
    async write(name, content) {
      const file = path.join(root, name)
      await mkdir(path.dirname(file), { recursive: true })
      await writeFile(file, content)
      return file
    },
    remove,
    [Symbol.asyncDispose]: remove,
  }
}
