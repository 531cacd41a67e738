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
  /** Made when it is asked for, and shared by the families of a scrape. */
  #listed: readonly RouteSeries[] | undefined
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
    if (this.#byName.delete(`${namespace}/${apiproxy}`)) this.#listed = undefined
  }

  /** All that are exposed now. The list is never changed: one that is gone through slowly holds none twice. */
  list(): readonly RouteSeries[] {
    this.#listed ??= [
      this.#unmatched,
      ...(this.#overflowed ? [this.#overflow] : []),
      ...this.#byName.values(),
    ]
    return this.#listed
  }

  #named(route: Route, isLive: (route: Route) => boolean): RouteSeries {
    const key = `${route.namespace}/${route.apiproxy}`
    const known = this.#byName.get(key)
    if (known !== undefined) return known
    if (!isLive(route)) return new RouteSeries(route.namespace, route.apiproxy)
    if (this.#byName.size >= this.#max) {
      if (!this.#overflowed) this.#listed = undefined
      this.#overflowed = true
      return this.#overflow
    }
    const series = new RouteSeries(route.namespace, route.apiproxy)
    this.#byName.set(key, series)
    this.#listed = undefined
    return series
  }
}
