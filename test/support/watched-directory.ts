// A directory source at work on a real folder, with all that it said: events, the world that they add up to, log
// lines. It folds the events by itself, so that these tests do not lean on the state's own fold.

import { stringify } from 'yaml'
import { directorySource, type DirectorySourceOptions } from '../../src/directory/source.ts'
import type { ResourceEvent, SourceProblem } from '../../src/events/event.ts'
import { keyOf, type Resource } from '../../src/resources/resource.ts'
import { Vault } from '../../src/resources/vault.ts'
import type { Manifest } from './manifests.ts'
import { seeLogFields } from './registry/watch.ts'
import { waitUntil } from './wait-until.ts'

export interface RecordedLine {
  readonly level: 'info' | 'warn' | 'error'
  readonly fields: object
  readonly message: string
}

/** A log that keeps its lines. */
export function recordingLog() {
  const lines: RecordedLine[] = []
  const at = (level: RecordedLine['level']) => (fields: object, message: string) => {
    seeLogFields(fields, message)
    lines.push({ level, fields, message })
  }
  return { lines, info: at('info'), warn: at('warn'), error: at('error') }
}

export class WatchedDirectory implements Disposable {
  readonly events: ResourceEvent[] = []
  readonly lines: RecordedLine[]
  readonly vault: Vault
  readonly world = new Map<string, Resource>()
  problems: readonly SourceProblem[] = []
  staleSince: number | undefined
  readonly #stop: () => void

  constructor(directory: string, overrides: Partial<DirectorySourceOptions> = {}) {
    const log = recordingLog()
    this.lines = log.lines
    this.vault = overrides.vault ?? new Vault()
    const source = directorySource({ directory, namespace: 'default', log, ...overrides, vault: this.vault })
    const subscription = source.subscribe((event) => this.#take(event))
    this.#stop = () => subscription.unsubscribe()
  }

  /** Keys of all known objects, sorted. */
  get keys(): string[] {
    return [...this.world.keys()].sort()
  }

  /** Resolves once the first problems are said: they come after all lists. */
  async listed(): Promise<this> {
    await waitUntil(() => this.events.some(({ type }) => type === 'problems'), 'the first list')
    return this
  }

  async until(condition: (watched: this) => boolean, what: string): Promise<void> {
    await waitUntil(
      () => condition(this),
      () => `${what}; known: ${this.keys.join(', ')}; problems: ${JSON.stringify(this.problems)}`,
    )
  }

  async untilKeys(...keys: readonly string[]): Promise<void> {
    const expected = keys.toSorted().join()
    await this.until(() => this.keys.join() === expected, `exactly ${expected}`)
  }

  async untilProblem(reason: string): Promise<SourceProblem> {
    await this.until(() => this.problems.some((problem) => problem.reason === reason), `a problem ${reason}`)
    const found = this.problems.find((problem) => problem.reason === reason)
    if (found === undefined) throw new Error('it went away')
    return found
  }

  /** Types and subjects of the events since an index, in short. */
  since(index: number): string[] {
    return this.events.slice(index).map((event) => {
      if (event.type === 'upserted') return `upserted ${keyOfResource(event.resource)}`
      if (event.type === 'deleted') return `deleted ${keyOf(event.kind, event.namespace, event.name)}`
      return event.type
    })
  }

  [Symbol.dispose](): void {
    this.#stop()
  }

  #take(event: ResourceEvent): void {
    this.events.push(event)
    if (event.type === 'upserted') this.world.set(keyOfResource(event.resource), event.resource)
    if (event.type === 'deleted') this.world.delete(keyOf(event.kind, event.namespace, event.name))
    if (event.type === 'listed') {
      for (const resource of event.resources) this.world.set(keyOfResource(resource), resource)
    }
    if (event.type === 'problems') this.problems = event.problems
    if (event.type === 'stale') this.staleSince = event.since
  }
}

/** Manifests as the text of one YAML file, a document each. */
export function yamlOf(...manifests: readonly (Manifest | { build(): Manifest })[]): string {
  return manifests
    .map((manifest) => `---\n${stringify(isBuilder(manifest) ? manifest.build() : manifest)}`)
    .join('')
}

function isBuilder(manifest: Manifest | { build(): Manifest }): manifest is { build(): Manifest } {
  return 'build' in manifest && typeof manifest.build === 'function'
}

function keyOfResource({ kind, meta }: Resource): string {
  return keyOf(kind, meta.namespace, meta.name)
}
