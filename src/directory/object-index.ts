// Which object of which file counts, and what changed since the last time. Depends on the files' content and paths
// alone, never on the order of events: the file whose path sorts first has an object.

import { isDeepStrictEqual } from 'node:util'
import type { SourceProblem } from '../events/event.ts'
import { keyOf, type Resource } from '../resources/resource.ts'
import { escapePath } from './escape-path.ts'
import type { FileObject, ManifestFile } from './manifest-file.ts'
import { compareText } from './scan.ts'

export interface ObjectIndex {
  /** By `Kind/namespace/name`. */
  readonly winners: ReadonlyMap<string, FileObject>
  readonly duplicates: readonly SourceProblem[]
}

export interface ObjectChanges {
  /** Sorted by key, as they were last known. */
  readonly deleted: readonly Resource[]
  /** Sorted by key. */
  readonly upserted: readonly FileObject[]
}

/** Beyond it duplicates are not listed one by one. */
const DUPLICATES_MAX = 1_000

/** @param files sorted by path */
export function indexObjects(files: Iterable<ManifestFile>): ObjectIndex {
  const winners = new Map<string, FileObject>()
  const winningFiles = new Map<string, string>()
  const duplicates: SourceProblem[] = []
  for (const file of files) {
    for (const object of file.objects) {
      const first = winningFiles.get(object.key)
      if (first === undefined) {
        winningFiles.set(object.key, file.path)
        winners.set(object.key, object)
      } else if (duplicates.length < DUPLICATES_MAX) duplicates.push(duplicateOf(object, first, file.path))
    }
  }
  return { winners, duplicates }
}

/** What has to be said so that one who knows `known` knows the winners. */
export function changesSince(
  known: ReadonlyMap<string, Resource>,
  winners: ReadonlyMap<string, FileObject>,
): ObjectChanges {
  const deleted = [...known.keys()].filter((key) => !winners.has(key)).sort(compareText)
  const upserted: FileObject[] = []
  for (const object of winners.values()) {
    const before = known.get(object.key)
    if (before === object.resource || isDeepStrictEqual(before, object.resource)) continue
    upserted.push(object)
  }
  return {
    deleted: deleted.flatMap((key) => known.get(key) ?? []),
    upserted: upserted.sort((a, b) => compareText(a.key, b.key)),
  }
}

function duplicateOf({ resource }: FileObject, first: string, file: string): SourceProblem {
  const { namespace, name } = resource.meta
  const said = keyOf(resource.kind, namespace, name)
  const message =
    first === file
      ? `${said} is in ${escapePath(file)} more than once: the first of them counts`
      : `${said} is in ${escapePath(first)} too, which counts because its path sorts first; the one in ${escapePath(file)} does not`
  return { file: escapePath(file), reason: 'DuplicateObject', message }
}
