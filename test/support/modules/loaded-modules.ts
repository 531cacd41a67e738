// Which modules of its own and of packages a program has loaded, told by the program itself and so without any timing:
// `environment` goes to the process that is looked at, `read` gives what it has loaded so far.

import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type TempFolder, tempFolder } from '../temp-folder.ts'

const PRELOADED = pathToFileURL(path.join(import.meta.dirname, 'record.ts')).href
const ROOT = path.join(import.meta.dirname, '../../..')

export interface Modules {
  /** Names of packages, such as `@redis/client`. */
  readonly packages: ReadonlySet<string>
  /** Files of the program itself, relative to the root, such as `src/gateway.ts`. */
  readonly own: ReadonlySet<string>
  /** Of both. */
  readonly count: number
  /** Size of all their files together, as they lie on the disk. */
  readonly bytes: number
}

export class ModuleRecord implements AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>
  readonly #folder: TempFolder
  readonly #file: string

  constructor(folder: TempFolder) {
    this.#folder = folder
    this.#file = path.join(folder.path, 'modules')
    this.environment = { NODE_OPTIONS: `--import ${PRELOADED}`, MODULE_RECORD: this.#file }
  }

  async read(): Promise<Modules> {
    const urls = new Set((await readFile(this.#file, 'utf8')).split('\n'))
    const files = [...urls].filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url))
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
    const packages = files.map(packageOf)
    return {
      packages: new Set(packages.filter((name) => name !== undefined)),
      own: new Set(
        files
          .filter((_, index) => packages[index] === undefined)
          .map((file) => path.relative(ROOT, file).split(path.sep).join('/')),
      ),
      count: files.length,
      bytes: sizes.reduce((sum, size) => sum + size, 0),
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#folder.remove()
  }
}

/** Makes a record for one process. */
export async function moduleRecord(): Promise<ModuleRecord> {
  return new ModuleRecord(await tempFolder('modules'))
}

/** The innermost package that a file belongs to; undefined where it belongs to none. */
function packageOf(file: string): string | undefined {
  return /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(file)?.[1]?.replaceAll('\\', '/')
}
