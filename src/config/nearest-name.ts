// The suggestion for a name that does not exist: what was probably meant.

const LENGTH_MAX = 100

/**
 * The candidate with the fewest edits from `name`, or undefined where none is near: more than a quarter of its
 * letters would have to change. A name that ends a single candidate (`upstream_timeout`) suggests that one.
 */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > LENGTH_MAX) return undefined
  const wanted = folded(name)
  const ending = candidates.filter((candidate) => wanted !== '' && folded(candidate).endsWith(`_${wanted}`))
  if (ending.length === 1) return ending[0]
  let nearest: string | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const edits = editDistance(wanted, folded(candidate))
    if (edits < fewest) {
      fewest = edits
      nearest = candidate
    }
  }
  return nearest !== undefined && fewest <= Math.max(2, Math.floor(nearest.length / 4)) ? nearest : undefined
}

/** Separators and case are what people get wrong most, so they do not count. */
function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[.-]/g, '_')
}

/** Levenshtein's distance, one row at a time. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const substituted = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1)
      const removed = (previous[column] ?? 0) + 1
      const added = (current[column - 1] ?? 0) + 1
      current.push(Math.min(substituted, removed, added))
    }
    previous = current
  }
  return previous[to.length] ?? 0
}
