// All conditions of a snapshot, made one after the other as they are walked: nothing is kept of them between walks.

import type { Compilation } from './compilation.ts'
import { standingOf } from './compilation.ts'
import { byName } from './age.ts'
import { apiProxyConditions, fileConditions, pluginConditions } from './conditions.ts'
import { objectConditions } from './object-conditions.ts'
import type { Condition } from './snapshot.ts'

type Parts = Pick<
  Compilation,
  | 'proxies'
  | 'disputed'
  | 'denied'
  | 'crossNamespace'
  | 'routes'
  | 'troubled'
  | 'decryption'
  | 'problems'
  | 'plugins'
>

/** Sorted by kind, namespace, name and type. Each walk sorts the names of all ApiProxies. */
export class ConditionList implements Iterable<Condition> {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  *[Symbol.iterator](): Iterator<Condition> {
    const others = this.#others()
    const before = others.filter(({ kind }) => kind < 'ApiProxy')
    yield* before
    yield* this.#apiProxies()
    yield* others.slice(before.length)
  }

  *#apiProxies(): Generator<Condition> {
    const all = [...this.#parts.proxies.values()].sort((a, b) => byName(a.meta, b.meta))
    for (const compiled of all) yield* apiProxyConditions(compiled, standingOf(compiled, this.#parts))
  }

  #others(): Condition[] {
    const { troubled, decryption, problems, plugins } = this.#parts
    const all: Condition[] = [...pluginConditions(plugins)]
    for (const resource of troubled.values()) all.push(...objectConditions(resource, decryption))
    for (const [, ofSource] of problems) all.push(...fileConditions(ofSource))
    return all.sort(byKindAndName)
  }
}

function byKindAndName(a: Condition, b: Condition): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1
  return byName(a, b) || (a.reason === b.reason ? 0 : a.reason < b.reason ? -1 : 1)
}
