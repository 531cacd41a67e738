// The series of all ApiProxies that have had a request, bounded: they appear at the first request, go with their
// ApiProxy, and beyond a limit new ones share a series. Requests that matched nothing share one from the start.

import type { Route } from '../snapshot/snapshot.ts'
import { OVERFLOW } from './names.ts'
import { RouteSeries } from './route-series.ts'

export const ROUTE_SERIES_MAX = 10_000

export class SeriesTable {
  readonly #max: number
  readonly #unmatched = new RouteSeries('', '')
  readonly #overflow = new RouteSeries(OVERFLOW, OVERFLOW)
  #overflowed = false
  readonly #byName = new Map<string, RouteSeries>()
  /** A route that is compiled anew is a new object of the same name: it goes on with the same series. */
  readonly #byRoute = new WeakMap<Route, RouteSeries>()

  constructor(max = ROUTE_SERIES_MAX) {
    this.#max = max
  }

  /**
   * The series of a request's route. A route that is not `live` any more (its ApiProxy went while the request was under
   * way) gets no new series: nobody would ever remove it.
   */
  of(route: Route | undefined, isLive: (route: Route) => boolean): RouteSeries {
    if (route === undefined) return this.#unmatched
    const known = this.#byRoute.get(route)
    if (known !== undefined) return known
    const series = this.#named(route, isLive)
    if (series !== this.#overflow) this.#byRoute.set(route, series)
    return series
  }

  remove(namespace: string, apiproxy: string): void {
    this.#byName.delete(`${namespace}/${apiproxy}`)
  }

  /** All that are exposed. */
  *list(): Generator<RouteSeries> {
    yield this.#unmatched
    if (this.#overflowed) yield this.#overflow
    yield* this.#byName.values()
  }

  #named(route: Route, isLive: (route: Route) => boolean): RouteSeries {
    const key = `${route.namespace}/${route.apiproxy}`
    const known = this.#byName.get(key)
    if (known !== undefined) return known
    if (!isLive(route)) return new RouteSeries(route.namespace, route.apiproxy)
    if (this.#byName.size >= this.#max) {
      this.#overflowed = true
      return this.#overflow
    }
    const series = new RouteSeries(route.namespace, route.apiproxy)
    this.#byName.set(key, series)
    return series
  }
}
