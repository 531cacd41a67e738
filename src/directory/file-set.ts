// All files of the tree as last read, with the index of their objects. Holds at most as many files as a scan may list.
// Must never forget a file only because its folder cannot be read for now.

import type { SourceProblem } from '../events/event.ts'
import { type ManifestFile, manifestFile, readManifestFile, type ReadOptions } from './manifest-file.ts'
import { indexObjects, type ObjectIndex } from './object-index.ts'
import { Pace } from './pace.ts'
import { readSmallFile } from './read-file.ts'
import { compareText, type ListedFile, type Scan } from './scan.ts'
import { Slice } from './slice.ts'

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

  /**
   * Reads what a scan listed. Where `cancelled` turns true meanwhile, all stays as it was.
   * @param atOnce small files that nobody knows may hold the process for as long as their disk takes, each
   */
  async read(
    scan: Extract<Scan, { type: 'scanned' }>,
    cancelled: () => boolean,
    atOnce = false,
  ): Promise<void> {
    const found = new Map<string, ManifestFile>()
    const queue = scan.files.values()
    const slice = new Slice()
    const pace = new Pace()
    const reader = async (): Promise<void> => {
      for (const listed of queue) {
        if (cancelled()) return
        const file = await (atOnce && pace.isQuick ? this.#readAtOnce(listed, pace) : this.#read(listed))
        if (file !== undefined) found.set(listed.path, file)
        if (slice.isOver) await slice.next()
      }
    }
    await Promise.all(Array.from({ length: READERS }, reader))
    if (cancelled()) return
    for (const [path, file] of this.#files) {
      if (scan.unreadable.some((folder) => path.startsWith(folder))) found.set(path, file)
    }
    this.#take([...found].sort(([a], [b]) => compareText(a, b)).slice(0, this.#options.filesMax))
  }

  #readAtOnce(listed: ListedFile, pace: Pace): Promise<ManifestFile | undefined> {
    if (this.#files.has(listed.path)) return this.#read(listed)
    const read = pace.timed(() => readSmallFile(listed.realPath))
    return read === undefined ? this.#read(listed) : manifestFile(read, listed, undefined, this.#options)
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
