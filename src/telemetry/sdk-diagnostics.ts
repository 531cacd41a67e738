// What OpenTelemetry says about itself (exports that fail, configuration that is wrong) goes to the program's log, one
// line per kind of message in ten seconds. The SDK would put its own logger in place, which writes to the console, where
// the access log is: that is prevented here.

import type { DiagLogger } from '@opentelemetry/api'
import type { Log } from './log.ts'
import { diag, DiagLogLevel } from './opentelemetry.ts'
import { RateLimit } from './rate-limit.ts'
import { clipped } from './visible-text.ts'

const MESSAGE_CHARS_MAX = 1000
const KIND_CHARS_MAX = 60

export class SdkDiagnostics implements DiagLogger {
  readonly #log: Log
  readonly #limit = new RateLimit()
  /** The latest error: what a start that failed gives as its cause. */
  lastError = ''

  constructor(log: Log) {
    this.#log = log
  }

  /** Runs `start` while every logger that it puts in place is this one, at the level that it asked for. */
  during<T>(start: () => T): T {
    const { setLogger } = diag
    setLogger(this, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
    diag.setLogger = (_logger, options) => {
      const level = typeof options === 'number' ? options : options?.logLevel
      return setLogger(this, { logLevel: level ?? DiagLogLevel.WARN, suppressOverrideMessage: true })
    }
    try {
      return start()
    } finally {
      diag.setLogger = setLogger
    }
  }

  error(message: string, ...details: unknown[]): void {
    this.lastError = textOf(message, details)
    this.#write('error', message, details)
  }

  warn(message: string, ...details: unknown[]): void {
    this.#write('warn', message, details)
  }

  info(message: string, ...details: unknown[]): void {
    this.#write('info', message, details)
  }

  debug(message: string, ...details: unknown[]): void {
    this.#write('debug', message, details)
  }

  verbose(message: string, ...details: unknown[]): void {
    this.#write('debug', message, details)
  }

  #write(level: 'error' | 'warn' | 'info' | 'debug', message: string, details: readonly unknown[]): void {
    const text = textOf(message, details)
    const suppressed = this.#limit.take(`${level} ${kindOf(text)}`, performance.now())
    if (suppressed === undefined) return
    const fields = { source: 'opentelemetry', ...(suppressed > 0 ? { suppressed } : {}) }
    this.#log[level](fields, text)
  }
}

/** The message and those details that are text or errors; spans and buffers are left out. */
function textOf(message: string, details: readonly unknown[]): string {
  const parts = [readable(message)]
  for (const detail of details) {
    if (typeof detail === 'string') parts.push(readable(detail))
    else if (detail instanceof Error) parts.push(detail.message)
  }
  return clipped(parts.join(' '), MESSAGE_CHARS_MAX)
}

/** The SDK's error handler gives errors as JSON objects; their message says it all. */
function readable(text: string): string {
  if (!text.startsWith('{')) return text
  try {
    const fields: unknown = JSON.parse(text)
    if (typeof fields !== 'object' || fields === null) return text
    const said = ['name', 'code', 'message'].flatMap((key) => {
      const value: unknown = Reflect.get(fields, key)
      return typeof value === 'string' && value !== '' ? [value] : []
    })
    return said.length === 0 ? text : said.join(': ')
  } catch {
    return text
  }
}

/** Messages that differ in numbers and ids only are of one kind. */
function kindOf(text: string): string {
  return text.replace(/[0-9a-f]*[0-9][0-9a-f]*/gi, '#').slice(0, KIND_CHARS_MAX)
}
