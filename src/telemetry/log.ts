// The program's own log on standard error: one JSON object a line, or readable lines on a terminal. No worker: what was
// logged before an exit has been handed over. A reader that is gone or stalled costs lines, never the process.

import { createRequire } from 'node:module'
import pino from 'pino'
import type * as Pretty from 'pino-pretty'
import type { Options } from '../config/options.ts'
import type { LogFields } from './names.ts'
import { lineText } from './visible-text.ts'

/** Levels by name; `level` may be changed at any time. */
export interface Log {
  level: string
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  /** Lines that could not be handed over. */
  readonly linesLost?: number
}

/** The part of a stream that the log needs. */
export interface LogOutput {
  readonly isTTY?: boolean
  readonly writableLength?: number
  /** Calls back once the text is handed on. */
  write(text: string, done?: (error?: Error | null) => void): unknown
  on?(event: 'error', listener: (error: Error) => void): unknown
}

const WAITING_CHARS_MAX = 1024 * 1024
const DEPTH_MAX = 8

/** A log at `process.log_level`, in the form of `process.log_format`. @param worker stands on each line of that worker */
export function createLog(
  options: Pick<Options, 'process.log_level' | 'process.log_format'>,
  { output = process.stderr, worker }: { readonly output?: LogOutput; readonly worker?: number } = {},
): Log {
  let linesLost = 0
  const write = boundedWrite(output, () => {
    linesLost++
  })
  const format = options['process.log_format']
  const pretty = format === 'pretty' || (format === 'auto' && output.isTTY === true)
  const logger = pino(
    {
      level: options['process.log_level'],
      base: worker === undefined ? null : { worker },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err },
    },
    { write: pretty ? prettyWrite(write, output.isTTY === true) : write },
  )
  return Object.defineProperty(logger, 'linesLost', { get: () => linesLost })
}

function boundedWrite(output: LogOutput, onDropped: () => void): (line: string) => void {
  let gone = false
  output.on?.('error', () => {
    gone = true
  })
  return (line) => {
    if (gone || (output.writableLength ?? 0) > WAITING_CHARS_MAX) onDropped()
    else output.write(line)
  }
}

function prettyWrite(write: (line: string) => void, colorize: boolean): (line: string) => void {
  // Loaded for a person alone: 40 ms and 12 MB that lines of JSON do not need.
  const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as typeof Pretty
  const prettify = prettyFactory({
    colorize,
    translateTime: 'SYS:HH:MM:ss.l',
    singleLine: true,
  })
  return (line) => write(prettify(readable(JSON.parse(line), 0)) ?? line)
}

/** The same value with no control character left in any text; a stack keeps its line ends. */
function readable(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return lineText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === DEPTH_MAX) return '...'
  if (Array.isArray(value)) return value.map((item) => readable(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      lineText(key),
      key === 'stack' && typeof field === 'string'
        ? field.split('\n').map(lineText).join('\n')
        : readable(field, depth + 1),
    ]),
  )
}
