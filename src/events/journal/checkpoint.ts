// A whole state as lines of a journal, and the state again that those lines make. Objects go in pieces, so that neither
// writing nor reading holds up what else the process does. What a state has but its objects is written as it is, so a new
// field of it needs nothing here.

import { KINDS, keyOf, type Kind, type Resource } from '../../resources/resource.ts'
import { contentDigest, replaceDigest } from '../content.ts'
import { EMPTY_STATE, type Entry, type KindState, type State } from '../state.ts'
import { TextTable } from '../text-table.ts'
import type { CheckpointLine, JournalLine, ObjectsLine, StateLine } from './record.ts'
import type { PassedOver, Sieve } from './sieve.ts'
import { decode, encode } from './state-text.ts'

const OBJECTS_PER_LINE = 100
/** What is computed anew, or says something of one line of states only. */
const OF_ONE_PROCESS = ['digest', 'version', 'touched', 'settledAt'] as const

/** Lines that `CheckpointReader` makes the same state of. Made as they are asked for. */
export function* checkpointLines(state: State): Generator<StateLine | ObjectsLine | CheckpointLine> {
  yield { type: 'state', state: encode({ ...without(state, OF_ONE_PROCESS), kinds: withoutObjects(state) }) }
  let objects = 0
  for (const kind of KINDS) {
    let resources: Resource[] = []
    for (const { resource } of state.kinds[kind].objects.values()) {
      resources.push(resource)
      objects += 1
      if (resources.length < OBJECTS_PER_LINE) continue
      yield { type: 'objects', kind, resources }
      resources = []
    }
    if (resources.length > 0) yield { type: 'objects', kind, resources }
  }
  yield { type: 'checkpoint', objects }
}

/** Takes the lines one by one, in order. */
export class CheckpointReader {
  #rest: Partial<State> | undefined
  readonly #objects: Record<Kind, TextTable<Entry>> = perKind(() => new TextTable<Entry>().asMutable())
  readonly #sieve: Sieve | undefined
  #digest = 0n
  #count = 0

  /** @param sieve leaves objects out, so that nobody can tell whether all of them came */
  constructor(sieve?: Sieve) {
    this.#sieve = sieve
  }

  /** @returns the state at the last line, undefined before; false for a line that does not belong here */
  take(line: JournalLine | PassedOver): State | undefined | false {
    if (!('type' in line)) return false
    if (line.type === 'state') {
      this.#rest = decode(line.state) as Partial<State>
      return undefined
    }
    if (line.type === 'objects') {
      this.#takeObjects(line)
      return undefined
    }
    if (line.type !== 'checkpoint') return false
    return (this.#sieve !== undefined || line.objects === this.#count) && this.#done()
  }

  #takeObjects({ kind, resources }: ObjectsLine): void {
    for (const resource of resources) {
      if (this.#sieve?.keeps(resource) === false) continue
      // Computed anew: another version of the program may take another digest.
      const digest = contentDigest(resource)
      const key = keyOf(kind, resource.meta.namespace, resource.meta.name)
      this.#objects[kind].set(key, { resource, digest })
      this.#digest = replaceDigest(this.#digest, 0n, digest)
      this.#count += 1
    }
  }

  #done(): State | false {
    const rest = this.#rest
    if (rest === undefined) return false
    const kinds = perKind((kind) => ({
      ...EMPTY_STATE.kinds[kind],
      ...rest.kinds?.[kind],
      objects: this.#objects[kind].asImmutable(),
    }))
    // A version of its own, with no changes on record: a build of it begins from scratch.
    return { ...EMPTY_STATE, ...rest, kinds, digest: this.#digest, version: 1, settledAt: 1 }
  }
}

function withoutObjects({ kinds }: State): Record<Kind, Omit<KindState, 'objects'>> {
  return perKind((kind) => {
    return without(kinds[kind], ['objects'])
  })
}

function without<T extends object, N extends keyof T>(value: T, names: readonly N[]): Omit<T, N> {
  const left: Partial<T> = { ...value }
  for (const name of names) delete left[name]
  return left as Omit<T, N>
}

function perKind<T>(valueOf: (kind: Kind) => T): Record<Kind, T> {
  const entries = KINDS.map((kind): [Kind, T] => [kind, valueOf(kind)])
  // Made of the list that Kind is made of, so every kind is there.
  return Object.fromEntries(entries) as Record<Kind, T>
}
