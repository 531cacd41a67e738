// The places in the making, for one build: which ApiProxy claims which, who has each, and with that the route table.
// It looks at the places of ApiProxies that were compiled anew and, where one may be denied its place because of
// another, at those below them; never at all of them.

import type { Meta } from '../resources/resource.ts'
import { type Claims, claimsOf, placeOf, withClaim, withoutClaim } from './claims.ts'
import { claimsAt, type Compilation, keyOfCompiled, winnerOf } from './compilation.ts'
import type { CompiledApiProxy } from './compile-api-proxy.ts'
import { captured } from './cross-namespace.ts'
import { type IndexDraft, membersOf } from './persistent-index.ts'
import { atKey, underKey } from './place-keys.ts'
import { removeRoute, type RouteTable, setRoute } from './route-table.ts'
import type { Route } from './snapshot.ts'

type Outcome = Pick<Compilation, 'disputed' | 'denied' | 'routes' | 'crossNamespace'>

/** What it shares with the build that it is a part of. */
interface Shared {
  /** Open: as they are at the moment of the look. */
  readonly proxies: Compilation['proxies']
  readonly dependents: Pick<IndexDraft, 'get'>
  /** Takes the ApiProxies whose conditions may be others now. */
  readonly affected: Set<string>
  readonly crossNamespace: Compilation['crossNamespace']
}

/** Who claims a place. */
interface Place {
  readonly before: Claims | undefined
  after: Claims | undefined
}

export class PlaceDraft {
  readonly #base: Compilation
  readonly #shared: Shared
  /** Places whose claims changed, or may be judged otherwise; by `placeOf`. */
  readonly #contested = new Map<string, Place>()
  readonly #disputed: Compilation['disputed']
  readonly #denied: Compilation['denied']
  #routes: RouteTable

  constructor(base: Compilation, shared: Shared) {
    this.#base = base
    this.#shared = shared
    this.#disputed = base.disputed.asMutable()
    this.#denied = base.denied.asMutable()
    this.#routes = base.routes
  }

  /** An ApiProxy (`keyOf`) was compiled anew, has come or gone. */
  replaceClaim(key: string, before: CompiledApiProxy | undefined, after: CompiledApiProxy | undefined): void {
    if (after?.route === undefined) this.#denied.delete(key)
    if (before?.route !== undefined) {
      const left = this.#contest(before.route)
      left.after = withoutClaim(left.after, before)
      this.#contestBelow(before.route)
    }
    if (after?.route !== undefined) {
      const claimed = this.#contest(after.route)
      claimed.after = withClaim(claimed.after, after)
      this.#contestBelow(after.route)
    }
  }

  /** Settles who has each place; call it once, when all claims are there. */
  settle(): void {
    for (const [key, place] of this.#contested) this.#settle(key, place)
  }

  /** As things are once they are settled. */
  get outcome(): Outcome {
    return {
      disputed: this.#disputed,
      denied: this.#denied,
      routes: this.#routes,
      crossNamespace: this.#shared.crossNamespace,
    }
  }

  /** The outcome, for good. */
  done(): Outcome {
    return {
      ...this.outcome,
      disputed: this.#disputed.asImmutable(),
      denied: this.#denied.asImmutable(),
    }
  }

  /** The place of a route, to be settled. */
  #contest(route: Route): Place {
    const key = placeOf(route)
    const known = this.#contested.get(key)
    if (known !== undefined) return known
    const claims = claimsAt(this.#base, route)
    const place = { before: claims, after: claims }
    this.#contested.set(key, place)
    return place
  }

  /** All from whom the route's place may be taken. */
  #contestBelow(route: Route): void {
    const { dependents, proxies } = this.#shared
    if (!this.#denies) return
    for (const key of membersOf(dependents.get(underKey(route.path)))) {
      const below = proxies.get(key)?.route
      if (below !== undefined) this.#contest(below)
    }
  }

  get #denies(): boolean {
    return this.#shared.crossNamespace === 'deny'
  }

  /** Where the winner is another one, every other claim of the place is told so: their conditions name it. */
  #settle(key: string, { before, after }: Place): void {
    if (this.#denies) this.#judge(claimsOf(after))
    const loser = winnerOf(before, this.#base.denied)
    const winner = winnerOf(after, this.#denied)
    if (after !== undefined && after !== winner) this.#disputed.set(key, after)
    else if (before !== loser) this.#disputed.delete(key)
    if (winner === loser) return
    if (winner?.route !== undefined) this.#routes = setRoute(this.#routes, winner.route)
    else if (loser?.route !== undefined) {
      this.#routes = removeRoute(this.#routes, loser.route.path, loser.route.virtualHost)
    }
    if (winner !== undefined && loser !== undefined && isSameObject(winner.meta, loser.meta)) return
    for (const claim of claimsOf(after)) this.#shared.affected.add(keyOfCompiled(claim))
  }

  /** Whether each claim of a place may have it; who is judged anew has other conditions. */
  #judge(claims: readonly CompiledApiProxy[]): void {
    for (const claim of claims) {
      const key = keyOfCompiled(claim)
      const by = captured(claim, (path) => this.#at(path))
      if (by === this.#denied.get(key)) continue
      if (by === undefined) this.#denied.delete(key)
      else this.#denied.set(key, by)
      this.#shared.affected.add(key)
    }
  }

  *#at(path: string): Generator<CompiledApiProxy> {
    const { dependents, proxies } = this.#shared
    for (const key of membersOf(dependents.get(atKey(path)))) {
      const compiled = proxies.get(key)
      if (compiled !== undefined) yield compiled
    }
  }
}

function isSameObject(a: Meta, b: Meta): boolean {
  return a.name === b.name && a.namespace === b.namespace
}
