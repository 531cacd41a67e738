// Values as Grafana writes them, for the units that the boards use. One that is not here throws.

const SI = ['', 'K', 'Mil', 'Bil']
const BYTES = ['B', 'KiB', 'MiB', 'GiB']
const SECOND = 1000
const AGO = [
  { ms: 86_400 * SECOND, name: 'day' },
  { ms: 3_600 * SECOND, name: 'hour' },
  { ms: 60 * SECOND, name: 'minute' },
  { ms: SECOND, name: 'second' },
]
const SUFFIX: Readonly<Record<string, string>> = { reqps: ' req/s', ops: ' ops/s', eps: ' events/s' }

/** @param now milliseconds since the epoch, for units that tell a distance in time */
export function formatValue(value: number, unit: string, decimals: number | undefined, now: number): string {
  if (!Number.isFinite(value)) return '-'
  if (unit.startsWith('suffix:')) return `${round(value, decimals)}${unit.slice('suffix:'.length)}`
  const suffix = SUFFIX[unit]
  if (suffix !== undefined) return `${round(value, decimals)}${suffix}`
  switch (unit) {
    case 'none':
      return round(value, decimals)
    case 'short':
      return scaled(value, 1000, SI, decimals)
    case 'bytes':
      return scaled(value, 1024, BYTES, decimals)
    case 'percentunit':
      return `${round(value * 100, decimals)}%`
    case 's':
      return seconds(value, decimals)
    case 'dateTimeFromNow':
      return ago(now - value)
    case 'dateTimeAsIso':
      return new Date(value).toISOString().slice(0, 19).replace('T', ' ')
    default:
      throw new Error(`no way to write the unit ${unit}`)
  }
}

function round(value: number, decimals: number | undefined): string {
  if (value === 0) return '0'
  if (decimals !== undefined) return value.toFixed(decimals)
  const size = Math.abs(value)
  return String(Number(value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)))
}

function scaled(value: number, by: number, names: readonly string[], decimals: number | undefined): string {
  let at = 0
  let rest = value
  while (Math.abs(rest) >= by && at < names.length - 1) {
    rest /= by
    at++
  }
  return `${round(rest, at === 0 ? decimals : (decimals ?? 1))} ${names[at]}`.trim()
}

function seconds(value: number, decimals: number | undefined): string {
  const size = Math.abs(value)
  if (size !== 0 && size < 0.001) return `${round(value * 1e6, decimals)} µs`
  if (size !== 0 && size < 1) return `${round(value * 1000, decimals)} ms`
  if (size >= 7 * 86_400) return `${round(value / (7 * 86_400), decimals ?? 1)} weeks`
  if (size >= 86_400) return `${round(value / 86_400, decimals ?? 1)} days`
  if (size >= 3_600) return `${round(value / 3_600, decimals ?? 1)} hours`
  if (size >= 60) return `${round(value / 60, decimals ?? 1)} min`
  return `${round(value, decimals)} s`
}

function ago(ms: number): string {
  const found = AGO.find((unit) => Math.abs(ms) >= unit.ms)
  if (found === undefined) return 'a moment ago'
  const count = Math.round(Math.abs(ms) / found.ms)
  const words = `${count} ${found.name}${count === 1 ? '' : 's'}`
  return ms < 0 ? `in ${words}` : `${words} ago`
}
