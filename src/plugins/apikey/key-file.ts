// The file of the gateway's private key: read at the start, and again when it changes. A change that does not read leaves
// the former key in place. What it holds never leaves here but as a key object.

import type { KeyObject } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { readPrivateKey } from './key-cipher.ts'

/** How often the file is looked at. Polling needs no luck with how a Secret's mount swaps its links. */
const POLL_MS = 2_000
const FILE_BYTES_MAX = 64 * 1024

export type ReadKey = { readonly key: KeyObject } | { readonly problem: string }

export class KeyFile {
  readonly #path: string
  #stamp: string
  #timer: NodeJS.Timeout | undefined

  constructor(path: string) {
    this.#path = path
    this.#stamp = this.#stampNow()
  }

  /** The key that is in the file now, or one line on why it cannot be used. */
  read(): ReadKey {
    try {
      const content = readFileSync(this.#path)
      if (content.length > FILE_BYTES_MAX) return { problem: `it has more than ${FILE_BYTES_MAX} bytes` }
      const read = readPrivateKey(content)
      return 'problem' in read ? read : { key: read }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      return { problem: code === 'ENOENT' ? 'it is not there' : `it cannot be read (${code})` }
    }
  }

  /** Calls back with what is in the file after each change of it. */
  watch(changed: (read: ReadKey) => void): void {
    this.#timer ??= setInterval(() => {
      const stamp = this.#stampNow()
      if (stamp === this.#stamp) return
      this.#stamp = stamp
      changed(this.read())
    }, POLL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #stampNow(): string {
    const stat = statSync(this.#path, { throwIfNoEntry: false })
    return stat === undefined ? 'absent' : `${stat.ino}:${stat.size}:${stat.mtimeMs}`
  }
}
