// All files of the tree as last read, with the index of their objects. Holds at most as many files as a scan may list.
// Must never forget a file only because its folder cannot be read for now.

import type { SourceProblem } from '../events/event.ts'
import { type ManifestFile, readManifestFile, type ReadOptions } from './manifest-file.ts'
import { indexObjects, type ObjectIndex } from './object-index.ts'
import { compareText, type ListedFile, type Scan } from './scan.ts'

/** Files read at the same time. */
const READERS = 8

export class FileSet {
  readonly #options: ReadOptions & { readonly filesMax: number }
  /** Sorted by path. */
  #files: ReadonlyMap<string, ManifestFile> = new Map()
  #index: ObjectIndex = { winners: new Map(), duplicates: [] }

  constructor(options: ReadOptions & { readonly filesMax: number }) {
    this.#options = options
  }

  get size(): number {
    return this.#files.size
  }

  get index(): ObjectIndex {
    return this.#index
  }

  /** True where some file should be looked at again shortly. */
  get doubted(): boolean {
    return this.#files.values().some((file) => file.doubted)
  }

  /** Of all files, in the order of their paths, then of duplicates. */
  problems(): SourceProblem[] {
    return [...[...this.#files.values()].flatMap((file) => file.problems), ...this.#index.duplicates]
  }

  /** Reads what a scan listed. Where `cancelled` turns true meanwhile, all stays as it was. */
  async read(scan: Extract<Scan, { type: 'scanned' }>, cancelled: () => boolean): Promise<void> {
    const found = new Map<string, ManifestFile>()
    const queue = scan.files.values()
    const reader = async (): Promise<void> => {
      for (const listed of queue) {
        if (cancelled()) return
        const file = await this.#read(listed)
        if (file !== undefined) found.set(listed.path, file)
      }
    }
    await Promise.all(Array.from({ length: READERS }, reader))
    if (cancelled()) return
    for (const [path, file] of this.#files) {
      if (scan.unreadable.some((folder) => path.startsWith(folder))) found.set(path, file)
    }
    this.#take([...found].sort(([a], [b]) => compareText(a, b)).slice(0, this.#options.filesMax))
  }

  #read(listed: ListedFile): Promise<ManifestFile | undefined> {
    return readManifestFile(listed, this.#files.get(listed.path), this.#options)
  }

  #take(entries: readonly (readonly [string, ManifestFile])[]): void {
    const same =
      entries.length === this.#files.size &&
      entries.every(([path, file]) => this.#files.get(path)?.objects === file.objects)
    this.#files = new Map(entries)
    if (!same) this.#index = indexObjects(this.#files.values())
  }
}
