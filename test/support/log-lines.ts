// A log that keeps its lines, for tests of what is written to it. It has the shape of the program's log.

import { seeLogFields } from './registry/watch.ts'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly fields: object
  readonly message: string
}

export class LogLines {
  level = 'info'
  readonly lines: LogLine[] = []

  debug(fields: object, message: string): void {
    this.#keep('debug', fields, message)
  }

  info(fields: object, message: string): void {
    this.#keep('info', fields, message)
  }

  warn(fields: object, message: string): void {
    this.#keep('warn', fields, message)
  }

  error(fields: object, message: string): void {
    this.#keep('error', fields, message)
  }

  #keep(level: LogLine['level'], fields: object, message: string): void {
    seeLogFields(fields, message)
    this.lines.push({ level, fields, message })
  }

  /** Messages of the lines at that level. */
  messages(level: LogLine['level']): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message)
  }
}
