// What is known of one file: its objects as of the last time it could be read, and what is wrong with it now.
// A file that cannot be read keeps its objects; it must never lose them but by a readable text without them.

import type { SourceProblem } from '../events/event.ts'
import { type ParseResult, parseManifest } from '../resources/parse.ts'
import { keyOf, type Problem, type Resource } from '../resources/resource.ts'
import type { SecretMaterial } from '../resources/vault.ts'
import type { Log } from '../telemetry/log.ts'
import { readDocuments } from './documents.ts'
import { escapePath } from './escape-path.ts'
import { type FileRead, readFile, type Seen } from './read-file.ts'
import type { ListedFile } from './scan.ts'

/** One object as a file has it. */
export interface FileObject {
  /** `Kind/namespace/name`. */
  readonly key: string
  readonly resource: Resource
  /** Kept here for as long as the file has it: the object may have to take another's place later. */
  readonly material?: SecretMaterial
}

export interface ManifestFile {
  readonly path: string
  readonly seen?: Seen
  readonly objects: readonly FileObject[]
  readonly problems: readonly SourceProblem[]
  /** Its text is in doubt: look again shortly. */
  readonly doubted: boolean
  /** Found empty after it had objects, once. */
  readonly emptied: boolean
}

export interface ReadOptions {
  /** For objects that name none. */
  readonly namespace: string
  readonly log: Pick<Log, 'info' | 'error'>
}

const PROBLEMS_PER_FILE_MAX = 50
const KINDS_SAID_MAX = 10

/** Reads a file again. Gives `last` itself where nothing changed, undefined where it is gone and was never known. */
export async function readManifestFile(
  listed: ListedFile,
  last: ManifestFile | undefined,
  options: ReadOptions,
): Promise<ManifestFile | undefined> {
  return manifestFile(await readFile(listed.realPath, last?.seen), listed, last, options)
}

/** What a file is once its bytes have been read, or could not be. */
export async function manifestFile(
  read: FileRead,
  listed: ListedFile,
  last: ManifestFile | undefined,
  options: ReadOptions,
): Promise<ManifestFile | undefined> {
  if (read.type === 'gone') return last === undefined ? undefined : { ...last, doubted: true }
  if (read.type === 'unchanged') {
    if (last?.seen === read.seen && !last.doubted) return last
    return last === undefined ? undefined : { ...last, seen: read.seen, doubted: false }
  }
  if (read.type === 'failed') return failedFile(listed, last, read.reason, read.message, read.seen)
  const emptied = read.text.trim() === ''
  // An editor may have cut the file only to write it anew.
  if (emptied && last !== undefined && last.objects.length > 0 && !last.emptied) {
    return { path: listed.path, objects: last.objects, problems: last.problems, doubted: true, emptied: true }
  }
  const concealed = last?.objects.some(({ resource }) => resource.kind === 'Secret') === true
  const format = /\.json$/i.test(listed.path) ? 'json' : 'yaml'
  try {
    const documents = await readDocuments(read.text, format, concealed)
    if (documents.type === 'fault')
      return failedFile(listed, last, 'Unparsable', documents.message, read.seen)
    return {
      ...readObjects(listed.path, documents.values, options),
      seen: read.seen,
      doubted: false,
      emptied: false,
    }
  } catch (error) {
    // Only the name: a message may quote the text.
    options.log.error(
      { file: escapePath(listed.path), error: error instanceof Error ? error.name : 'unknown' },
      'a manifest could not be looked at',
    )
    return failedFile(listed, last, 'Unparsable', 'the file could not be looked at', read.seen)
  }
}

function failedFile(
  listed: ListedFile,
  last: ManifestFile | undefined,
  reason: string,
  message: string,
  seen: Seen | undefined,
): ManifestFile {
  const objects = last?.objects ?? []
  const fate = objects.length > 0 ? 'its last good objects stay' : 'none of its objects are known'
  return {
    path: listed.path,
    ...(seen !== undefined && { seen }),
    objects,
    problems: [{ file: escapePath(listed.path), reason, message: `${message}; ${fate}` }],
    doubted: false,
    emptied: false,
  }
}

function readObjects(
  path: string,
  values: readonly unknown[],
  { namespace, log }: ReadOptions,
): Pick<ManifestFile, 'path' | 'objects' | 'problems'> {
  const objects: FileObject[] = []
  const problems: SourceProblem[] = []
  const ignored = new Set<string>()
  let unsaid = 0
  for (const [index, value] of values.entries()) {
    for (const result of parseManifest(value, namespace)) {
      if (result.type === 'resource') objects.push(fileObject(result))
      else if (result.type === 'ignored') ignored.add(result.kind.slice(0, 100))
      else if (problems.length < PROBLEMS_PER_FILE_MAX) {
        problems.push({
          file: escapePath(path),
          reason: 'Invalid',
          message: `document ${index + 1}: ${sayProblem(result.problem)}`,
        })
      } else unsaid += 1
    }
  }
  if (unsaid > 0)
    problems.push({
      file: escapePath(path),
      reason: 'Invalid',
      message: `and ${unsaid} more objects without a name or kind`,
    })
  if (ignored.size > 0) {
    log.info(
      { file: escapePath(path), kinds: [...ignored].slice(0, KINDS_SAID_MAX) },
      'objects of kinds that the gateway does not read are ignored',
    )
  }
  return { path, objects, problems }
}

function fileObject({ resource, material }: Extract<ParseResult, { type: 'resource' }>): FileObject {
  const key = keyOf(resource.kind, resource.meta.namespace, resource.meta.name)
  return material === undefined ? { key, resource } : { key, resource, material }
}

function sayProblem({ field, value, rule }: Problem): string {
  return value === '' ? `${field} ${rule}` : `${field} ${rule}, not "${value}"`
}
