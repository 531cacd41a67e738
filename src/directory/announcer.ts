// Says what a look at the tree found, as events: every kind listed once, then only what differs from what was said
// before. All events of one look are emitted in one turn, so that nobody acts on half of it.

import { isDeepStrictEqual } from 'node:util'
import type { ResourceEvent, SourceProblem } from '../events/event.ts'
import { KINDS, keyOf, type Resource } from '../resources/resource.ts'
import type { Vault } from '../resources/vault.ts'
import type { Log } from '../telemetry/log.ts'
import type { FileSet } from './file-set.ts'
import type { FileObject } from './manifest-file.ts'
import { changesSince } from './object-index.ts'
import { compareText } from './scan.ts'

export interface AnnouncerOptions {
  /** Gets a Secret's bytes before the event that speaks of it. */
  readonly vault: Pick<Vault, 'put'>
  readonly log: Pick<Log, 'info' | 'warn'>
  readonly emit: (event: ResourceEvent) => void
}

/** More problems are only counted. */
const SOURCE_PROBLEMS_MAX = 1_000
const SOURCE = 'directory'

export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #known = new Map<string, Resource>()
  #listed = false
  #problems: readonly SourceProblem[] = []
  #staleSince: number | undefined

  constructor(options: AnnouncerOptions) {
    this.#options = options
  }

  /** True while the root cannot be read. */
  get stale(): boolean {
    return this.#staleSince !== undefined
  }

  /** What the first complete look found has been said. */
  get hasListed(): boolean {
    return this.#listed
  }

  /** The root cannot be read; said once, until it can be again. */
  lost(why: string, observedAt: number): void {
    if (this.#staleSince !== undefined) return
    this.#staleSince = observedAt
    this.#options.log.warn({ why }, 'the watched directory cannot be read: its objects stay as they were')
    this.#options.emit({ type: 'stale', source: SOURCE, observedAt, since: observedAt })
  }

  /** A complete look at the tree. `scanProblems` are those of the tree itself, beside those of its files. */
  found(files: FileSet, scanProblems: readonly SourceProblem[], observedAt: number): void {
    if (this.#staleSince !== undefined) {
      this.#staleSince = undefined
      this.#options.log.info({}, 'the watched directory can be read again')
      this.#options.emit({ type: 'stale', source: SOURCE, observedAt })
    }
    if (this.#listed) this.#sayChanges(files, observedAt)
    else this.#sayLists(files, observedAt)
    this.#sayProblems([...scanProblems, ...files.problems()], observedAt)
    this.#listed = true
  }

  #sayLists(files: FileSet, observedAt: number): void {
    const objects = [...files.index.winners.values()].sort((a, b) => compareText(a.key, b.key))
    for (const kind of KINDS) {
      const ofKind = objects.filter(({ resource }) => resource.kind === kind)
      for (const object of ofKind) this.#know(object)
      const resources = ofKind.map(({ resource }) => resource)
      this.#options.emit({ type: 'listed', source: SOURCE, observedAt, kind, resources })
    }
    this.#options.log.info({ files: files.size, objects: objects.length }, 'the watched directory was read')
  }

  #sayChanges(files: FileSet, observedAt: number): void {
    const { deleted, upserted } = changesSince(this.#known, files.index.winners)
    for (const { kind, meta } of deleted) {
      const { namespace, name, uid } = meta
      this.#known.delete(keyOf(kind, namespace, name))
      const gone = { type: 'deleted', source: SOURCE, observedAt, kind, namespace, name } as const
      this.#options.emit(uid === undefined ? gone : { ...gone, uid })
    }
    for (const object of upserted) {
      this.#know(object)
      this.#options.emit({ type: 'upserted', source: SOURCE, observedAt, resource: object.resource })
    }
  }

  #know({ key, resource, material }: FileObject): void {
    this.#known.set(key, resource)
    if (material === undefined || !('tls' in resource) || resource.tls.handle === undefined) return
    this.#options.vault.put(resource.tls.handle, material)
  }

  #sayProblems(found: readonly SourceProblem[], observedAt: number): void {
    const problems = bounded(found)
    const before = this.#problems
    if (this.#listed && isDeepStrictEqual(before, problems)) return
    this.#problems = problems
    const said = new Set(before.map(textOf))
    const left = new Set(problems.map(textOf))
    const { log, emit } = this.#options
    for (const problem of problems) {
      if (said.has(textOf(problem))) continue
      log.warn({ file: problem.file, reason: problem.reason }, problem.message)
    }
    for (const problem of before) {
      if (left.has(textOf(problem))) continue
      log.info({ file: problem.file, reason: problem.reason }, 'a problem of the watched directory is gone')
    }
    emit({ type: 'problems', source: SOURCE, observedAt, problems })
  }
}

function textOf({ file, reason, message }: SourceProblem): string {
  return `${file}\0${reason}\0${message}`
}

function bounded(problems: readonly SourceProblem[]): readonly SourceProblem[] {
  const sorted = problems.toSorted((a, b) => compareText(textOf(a), textOf(b)))
  if (sorted.length <= SOURCE_PROBLEMS_MAX) return sorted
  const unsaid = sorted.length - SOURCE_PROBLEMS_MAX
  const more = { file: '.', reason: 'TooManyProblems', message: `and ${unsaid} more problems` }
  return [...sorted.slice(0, SOURCE_PROBLEMS_MAX), more]
}
