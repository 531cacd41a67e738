// Hears of changes in a set of folders, one system watch each. Watches hold on to inodes, not to paths: a folder that
// was removed and made again is told by its identity and watched anew. It says only that something changed, never
// what; the scan finds out.

import { type FSWatcher, watch } from 'node:fs'
import path from 'node:path'
import type { Log } from '../telemetry/log.ts'
import { codeOf, isManifestName } from './scan.ts'

interface Watched {
  readonly watcher: FSWatcher
  readonly identity: string
  round: number
  /** The folder itself was moved or removed. */
  suspect: boolean
}

export interface FolderWatchOptions {
  /** Called for each change, often many times for one. */
  changed(): void
  readonly log: Pick<Log, 'warn'>
}

/** The folders of the last scan, each watched. Every scan is one round: `begin`, `enter` each folder, `end`. */
export class FolderWatch {
  readonly #options: FolderWatchOptions
  readonly #watched = new Map<string, Watched>()
  #round = 0
  #blind = false
  #blindSaid = false

  constructor(options: FolderWatchOptions) {
    this.#options = options
  }

  /** True where some folder could not be watched in this round, so that only polling sees its changes. */
  get blind(): boolean {
    return this.#blind
  }

  begin(): void {
    this.#round += 1
    this.#blind = false
  }

  /**
   * Watches the folder, unless the same folder is watched already.
   * @param identity differs for another folder at the same path
   * @param only the one name in it that matters
   */
  enter(folder: string, identity: string, only?: string): void {
    const key = `${only ?? ''}\0${folder}`
    const known = this.#watched.get(key)
    if (known !== undefined && known.identity === identity && !known.suspect) {
      known.round = this.#round
      return
    }
    known?.watcher.close()
    this.#watched.delete(key)
    try {
      this.#watched.set(key, this.#open(key, folder, identity, only))
    } catch (error) {
      this.#lost(codeOf(error))
    }
  }

  /** Lets go of the folders that this round did not enter. */
  end(): void {
    for (const [key, watched] of this.#watched) {
      if (watched.round === this.#round) continue
      watched.watcher.close()
      this.#watched.delete(key)
    }
  }

  close(): void {
    for (const { watcher } of this.#watched.values()) watcher.close()
    this.#watched.clear()
  }

  #open(key: string, folder: string, identity: string, only: string | undefined): Watched {
    const watcher = watch(folder, { persistent: true }, (type, name) => {
      // The system reports the folder's own move or removal under its own name.
      if (type === 'rename' && name === path.basename(folder)) watched.suspect = true
      else if (only === undefined ? !matters(type, name) : name !== null && name !== only) return
      this.#options.changed()
    })
    const watched: Watched = { watcher, identity, round: this.#round, suspect: false }
    watcher.on('error', (error) => {
      watcher.close()
      if (this.#watched.get(key) === watched) this.#watched.delete(key)
      this.#lost(codeOf(error))
    })
    return watched
  }

  #lost(code: string): void {
    this.#blind = true
    if (this.#blindSaid) return
    this.#blindSaid = true
    this.#options.log.warn(
      { code },
      'not every folder of the watched directory can be watched: changes are polled for',
    )
  }
}

/** False for what cannot change a manifest: editors' hidden files, and writes to files of other sorts. */
function matters(type: string, name: string | null): boolean {
  if (name === null) return true
  if (name.startsWith('.') && !name.startsWith('..')) return false
  return type === 'rename' || path.extname(name) === '' || isManifestName(name)
}
