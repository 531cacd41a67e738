// What a value kind is, and the kinds whose text holds a single value.
// A kind turns text (flag, variable) or a scalar of a file into a value, and a value back into text; it never throws.

import { isIP } from 'node:net'

/** `format` gives text that `parse` reads as the same value again. */
export interface ValueKind<T> {
  /** One word for help and documentation. */
  readonly name: string
  /** What is allowed, as it ends the sentence "allowed: ...". */
  readonly allowed: string
  /** True where values can hold a password: they are never shown, not even refused ones. */
  readonly isSecret?: true
  /** Undefined where the value is not allowed. Lists and maps of a file come as they are, null as empty text. */
  parse(raw: unknown): { readonly value: T } | undefined
  format(value: T): string
}

const TEXT_LENGTH_MAX = 1000
const PATH_LENGTH_MAX = 4096

/** Any text on one line that satisfies the rule. */
export function text(
  name: string,
  allowed: string,
  rule: (value: string) => boolean = () => true,
  normalise: (value: string) => string = (value) => value,
): ValueKind<string> {
  return {
    name,
    allowed,
    parse(raw) {
      const written = textOf(raw)
      if (written === undefined || written.length > TEXT_LENGTH_MAX || !isOneLine(written)) return undefined
      const value = normalise(written)
      return rule(value) ? { value } : undefined
    },
    format: (value) => value,
  }
}

/** The path of a file or folder; empty means that none is given. */
export const PATH: ValueKind<string | undefined> = {
  name: 'path',
  allowed: `a path of at most ${PATH_LENGTH_MAX} characters; empty for none`,
  parse(raw) {
    const written = textOf(raw)
    if (written === undefined || written.length > PATH_LENGTH_MAX || !isOneLine(written)) return undefined
    return { value: written === '' ? undefined : written }
  },
  format: (value) => value ?? '',
}

export const BOOLEAN: ValueKind<boolean> = {
  name: 'boolean',
  allowed: 'true or false',
  parse(raw) {
    const written = textOf(raw)?.trim().toLowerCase()
    if (written === 'true') return { value: true }
    return written === 'false' ? { value: false } : undefined
  },
  format: String,
}

/** A whole number from `least` to `most`, both included. */
export function integer(least: number, most: number): ValueKind<number> {
  return {
    name: 'integer',
    allowed: `a whole number from ${least} to ${most}`,
    parse(raw) {
      const written = textOf(raw)?.trim() ?? ''
      return /^-?\d{1,15}$/.test(written) ? within(Number(written), least, most) : undefined
    },
    format: String,
  }
}

const WORKER_COUNT = integer(1, 256)

/** A number of processes, or `auto`: as many as the machine has cores for. */
export const WORKERS: ValueKind<number | 'auto'> = {
  name: 'workers',
  allowed: `${WORKER_COUNT.allowed}, or auto`,
  parse(raw) {
    if (textOf(raw)?.trim().toLowerCase() === 'auto') return { value: 'auto' }
    return WORKER_COUNT.parse(raw)
  },
  format: String,
}

/** A TCP port; 0 switches the listener off. */
export const PORT: ValueKind<number> = {
  ...integer(0, 65_535),
  name: 'port',
  allowed: 'a port from 0 to 65535; 0 is off',
}

const DURATION_MS_MAX = 576 * 3_600_000
const DURATION = /^(?:(\d{1,10})h)?(?:(\d{1,10})m)?(?:(\d{1,10})s)?(?:(\d{1,10})ms)?$/

/** A length of time in milliseconds, at least `leastMs`; the most, 576h, is what a timer of Node holds. */
export function duration(leastMs = 1): ValueKind<number> {
  return {
    name: 'duration',
    allowed: `a duration from ${formatDuration(leastMs)} to 576h, such as 10s, 1m30s, 250ms, or whole seconds as a number`,
    parse(raw) {
      const written = textOf(raw)?.trim() ?? ''
      const ms = /^\d{1,10}$/.test(written) ? Number(written) * 1000 : durationMs(written)
      return ms === undefined ? undefined : within(ms, leastMs, DURATION_MS_MAX)
    },
    format: formatDuration,
  }
}

const BYTE_UNITS = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const

/** A number of bytes from `least` to `most`, both included. */
export function bytes(least: number, most: number): ValueKind<number> {
  return {
    name: 'bytes',
    allowed: `a size from ${formatBytes(least)} to ${formatBytes(most)}, such as ${formatBytes(Math.max(least, 16 * 1024))}, or bytes as a number`,
    parse(raw) {
      const found = /^(\d{1,15})\s*([kmg]ib)?$/i.exec(textOf(raw)?.trim() ?? '')
      if (found === null) return undefined
      const unit = BYTE_UNITS.find(([name]) => name.toLowerCase() === found[2]?.toLowerCase())
      return within(Number(found[1]) * (unit?.[1] ?? 1), least, most)
    },
    format: formatBytes,
  }
}

/** One of the given words, in any case. */
export function choice<const Word extends string>(...words: readonly Word[]): ValueKind<Word> {
  return {
    name: 'choice',
    allowed: `one of ${words.join(', ')}`,
    parse(raw) {
      const written = textOf(raw)?.trim().toLowerCase()
      const value = words.find((word) => word === written)
      return value === undefined ? undefined : { value }
    },
    format: (value) => value,
  }
}

/** What text, a number or a boolean of a file is as text; undefined for everything else. */
export function textOf(raw: unknown): string | undefined {
  if (typeof raw === 'string') return raw
  if (raw === null) return ''
  if (typeof raw === 'number' || typeof raw === 'boolean' || typeof raw === 'bigint') return String(raw)
  return undefined
}

/** No control character and no line or paragraph separator, so that the text stays on its line in logs and headers. */
export function isOneLine(written: string): boolean {
  return !/[\p{Cc}\u2028\u2029\p{Cs}]/u.test(written)
}

/** An IPv4 or IPv6 address without a zone. */
export function isAddress(written: string): boolean {
  return isIP(written) !== 0 && !written.includes('%')
}

function within(value: number, least: number, most: number): { readonly value: number } | undefined {
  return value >= least && value <= most ? { value: value === 0 ? 0 : value } : undefined
}

function durationMs(written: string): number | undefined {
  const found = DURATION.exec(written)
  if (found === null || written === '') return undefined
  const [, hours = 0, minutes = 0, seconds = 0, ms = 0] = found
  return Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1000 + Number(ms)
}

function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  const parts = [
    [Math.floor(ms / 3_600_000), 'h'],
    [Math.floor(ms / 60_000) % 60, 'm'],
    [Math.floor(ms / 1000) % 60, 's'],
    [ms % 1000, 'ms'],
  ] as const
  return parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('')
}

function formatBytes(value: number): string {
  const unit = BYTE_UNITS.find(([, size]) => value > 0 && value % size === 0)
  return unit === undefined ? String(value) : `${value / unit[1]}${unit[0]}`
}
