// File names come from outside: here they are made fit for logs, conditions and pages.

import { escapeText } from '../resources/problems.ts'

/** The path with each of its names escaped and cut at 100 characters; the slashes stay. */
export function escapePath(relative: string): string {
  return relative.split('/').map(escapeText).join('/')
}
