// Durations as Prometheus writes them. It must never round: what has no exact form is a fault of the table.

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const

/** `300` gives `5m`, `5400` gives `90m`. @param seconds whole and above 0, or it throws */
export function promDuration(seconds: number): string {
  if (!Number.isInteger(seconds) || seconds <= 0) throw new Error(`${seconds} s is no duration`)
  for (const [unit, size] of UNITS) if (seconds % size === 0) return `${seconds / size}${unit}`
  throw new Error(`${seconds} s is no duration`)
}
