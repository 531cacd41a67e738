// Which of several objects is the oldest: the one order by which the gateway chooses wherever it has to.

import type { Meta } from '../resources/resource.ts'

/** Oldest creationTimestamp first (none is youngest), then by namespace and name: total over one kind. */
export function byAge(a: Meta, b: Meta): number {
  if (a.creationTimestamp !== b.creationTimestamp) {
    if (a.creationTimestamp === undefined) return 1
    if (b.creationTimestamp === undefined) return -1
    return a.creationTimestamp < b.creationTimestamp ? -1 : 1
  }
  return byName(a, b)
}

/** By namespace, then name. */
export function byName(a: Pick<Meta, 'namespace' | 'name'>, b: Pick<Meta, 'namespace' | 'name'>): number {
  if (a.namespace !== b.namespace) return a.namespace < b.namespace ? -1 : 1
  if (a.name === b.name) return 0
  return a.name < b.name ? -1 : 1
}
