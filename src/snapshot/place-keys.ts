// Keys in the index of dependents by which ApiProxies are found by their source paths: at one path, or at and below it.
// They are noted only where one ApiProxy can be denied its place because of another (`routing.cross_namespace`).

import type { Route } from './snapshot.ts'

/** The key under which every ApiProxy at exactly this source path is found. */
export function atKey(path: string): string {
  return `At/${path}`
}

/** The key under which every ApiProxy at or below this source path is found. */
export function underKey(path: string): string {
  return `Under/${path}`
}

/** The path itself and every shorter one of whole segments, `/` among them. */
export function prefixesOf(path: string): string[] {
  const prefixes = [path]
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    prefixes.push(path.slice(0, slash))
  }
  if (path !== '/') prefixes.push('/')
  return prefixes
}

/** The keys under which an ApiProxy is to be found by those whom its coming and going concerns. */
export function placeKeys({ path }: Pick<Route, 'path'>): string[] {
  return [atKey(path), ...prefixesOf(path).map(underKey)]
}
