// Lists the manifests of a folder tree in a fixed order, with every bound said as a problem. It reads names, never
// contents. Links are followed inside the tree only, each folder and each file counts once, and hidden entries are
// skipped: so the files of a mounted ConfigMap, links through its hidden `..data` folder, are there exactly once.

import type { BigIntStats } from 'node:fs'
import { opendir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import type { SourceProblem } from '../events/event.ts'
import { escapePath } from './escape-path.ts'

export interface ScanLimits {
  readonly filesMax: number
  readonly foldersMax: number
  /** Entries of any sort, in the whole tree. */
  readonly entriesMax: number
  /** Folders below the root: 0 is the root alone. */
  readonly depthMax: number
}
export const SCAN_LIMITS: ScanLimits = {
  filesMax: 20_000,
  foldersMax: 10_000,
  entriesMax: 200_000,
  depthMax: 16,
}

export interface ListedFile {
  /** Relative to the root, with slashes: the name by which it is sorted and spoken of. */
  readonly path: string
  /** Absolute, without links. */
  readonly realPath: string
}

export type Scan =
  | {
      readonly type: 'scanned'
      /** Sorted by path. */
      readonly files: readonly ListedFile[]
      /** Relative paths of folders whose files are unknown for now, each with a slash at its end. */
      readonly unreadable: readonly string[]
      readonly problems: readonly SourceProblem[]
    }
  | { readonly type: 'unreadable'; readonly why: string }

/** Called with a folder's real path and identity before it is read, so that no change after it is missed. */
export type EnterFolder = (folder: string, identity: string) => void

/** Lists the tree below `root`. Never rejects: a root that cannot be read is a result. */
export async function scanTree(root: string, limits: ScanLimits, enter: EnterFolder): Promise<Scan> {
  let realRoot: string
  try {
    realRoot = await realpath(root)
  } catch (error) {
    return { type: 'unreadable', why: codeOf(error) }
  }
  return new TreeScan(realRoot, limits, enter).scan()
}

/** True for names that hold manifests. */
export function isManifestName(name: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(name)
}

/** The system's code of an error, such as `ENOENT`; never its message, which holds absolute paths. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
}

/** An inode number alone is given out again at once; with the time of birth it names one folder. */
export function identityOf(stats: BigIntStats): string {
  return `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`
}

/** By code units: the same everywhere, whatever the locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

class TreeScan {
  readonly #root: string
  readonly #limits: ScanLimits
  readonly #enter: EnterFolder
  readonly #files: ListedFile[] = []
  readonly #unreadable: string[] = []
  readonly #problems: SourceProblem[] = []
  readonly #folders = new Set<string>()
  readonly #watchedOnly = new Set<string>()
  readonly #exceeded = new Set<string>()
  #entries = 0

  constructor(root: string, limits: ScanLimits, enter: EnterFolder) {
    this.#root = root
    this.#limits = limits
    this.#enter = enter
  }

  async scan(): Promise<Scan> {
    const why = await this.#folder(this.#root, '', 0)
    if (why !== undefined) return { type: 'unreadable', why }
    const seen = new Set<string>()
    const files = this.#files
      .sort((a, b) => compareText(a.path, b.path))
      .filter((file) => !seen.has(file.realPath) && seen.add(file.realPath))
    return { type: 'scanned', files, unreadable: this.#unreadable, problems: this.#problems }
  }

  /** Undefined, or why the folder could not be read. */
  async #folder(real: string, relative: string, depth: number): Promise<string | undefined> {
    if (this.#folders.has(real)) return undefined
    if (depth > this.#limits.depthMax) {
      this.#problem(relative, 'TooDeep', `folders deeper than ${this.#limits.depthMax} are not read`)
      return undefined
    }
    if (this.#folders.size >= this.#limits.foldersMax) {
      this.#exceed('TooManyFolders', `only the first ${this.#limits.foldersMax} folders are read`)
      return undefined
    }
    this.#folders.add(real)
    const entries: { name: string; link: boolean; folder: boolean; file: boolean }[] = []
    try {
      this.#enter(real, identityOf(await stat(real, { bigint: true })))
      for await (const entry of await opendir(real, { bufferSize: 256 })) {
        if (this.#entries >= this.#limits.entriesMax) {
          this.#exceed('TooManyEntries', `only ${this.#limits.entriesMax} entries are looked at`)
          break
        }
        this.#entries += 1
        if (entry.name.startsWith('.')) continue
        entries.push({
          name: entry.name,
          link: entry.isSymbolicLink(),
          folder: entry.isDirectory(),
          file: entry.isFile(),
        })
      }
    } catch (error) {
      return codeOf(error)
    }
    for (const entry of entries.sort((a, b) => compareText(a.name, b.name))) {
      const child = relative === '' ? entry.name : `${relative}/${entry.name}`
      if (entry.link) await this.#link(path.join(real, entry.name), child, depth)
      else if (entry.folder) await this.#subfolder(path.join(real, entry.name), child, depth)
      else if (isManifestName(entry.name)) this.#file(path.join(real, entry.name), child, entry.file)
    }
    return undefined
  }

  async #subfolder(real: string, relative: string, depth: number): Promise<void> {
    const why = await this.#folder(real, relative, depth + 1)
    // A folder that went away meanwhile has no files; of one that only cannot be read they are unknown.
    if (why === undefined || why === 'ENOENT') return
    this.#unreadable.push(`${relative}/`)
    this.#problem(relative, 'Unreadable', `the folder cannot be read (${why}): its objects stay as they were`)
  }

  async #link(link: string, relative: string, depth: number): Promise<void> {
    let real: string
    let target: BigIntStats
    try {
      real = await realpath(link)
      target = await stat(real, { bigint: true })
    } catch (error) {
      if (isManifestName(relative))
        this.#problem(relative, 'Unreadable', `the link leads nowhere (${codeOf(error)})`)
      return
    }
    if (!target.isDirectory() && !isManifestName(relative)) return
    if (real !== this.#root && !real.startsWith(this.#root.endsWith('/') ? this.#root : `${this.#root}/`)) {
      this.#problem(
        relative,
        'OutsideDirectory',
        'the link leads out of the watched directory and is not followed',
      )
      return
    }
    if (target.isDirectory()) return this.#subfolder(real, relative, depth)
    await this.#enterFolderOf(real)
    this.#file(real, relative, target.isFile())
  }

  /** A link's target may lie in a hidden folder: changes there are changes of the tree too. */
  async #enterFolderOf(real: string): Promise<void> {
    const folder = path.dirname(real)
    if (this.#folders.has(folder) || this.#watchedOnly.has(folder)) return
    if (this.#watchedOnly.size >= this.#limits.foldersMax) return
    this.#watchedOnly.add(folder)
    try {
      this.#enter(folder, identityOf(await stat(folder, { bigint: true })))
    } catch {
      // The folder has gone since the link was read; reading the file says so.
    }
  }

  #file(realPath: string, relative: string, regular: boolean): void {
    if (!regular) {
      this.#problem(relative, 'Unreadable', 'it is not a regular file')
    } else if (this.#files.length >= this.#limits.filesMax) {
      this.#exceed('TooManyFiles', `only the first ${this.#limits.filesMax} files are read`)
    } else this.#files.push({ path: relative, realPath })
  }

  #exceed(reason: string, message: string): void {
    if (this.#exceeded.has(reason)) return
    this.#exceeded.add(reason)
    this.#problem('.', reason, message)
  }

  #problem(relative: string, reason: string, message: string): void {
    this.#problems.push({ file: escapePath(relative), reason, message })
  }
}
