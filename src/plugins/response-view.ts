// The head of an answer as plugins see it: its status and a copy-on-write list of its header fields.
// It must never let a plugin choose a status that contradicts the framing of the content that follows.

import { HeaderFields } from './header-fields.ts'
import type { PluginResponse } from './plugin.ts'

/** Whether an answer of that status has no content (RFC 9110 sections 15.3.5, 15.3.6, 15.4.5). */
export function hasNoContent(status: number): boolean {
  return status === 204 || status === 205 || status === 304
}

/** True for a status that a final answer can have. */
export function isFinalStatus(status: unknown): status is number {
  return typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599
}

export class ResponseView extends HeaderFields implements PluginResponse {
  #status: number

  constructor(status: number, fields: readonly string[]) {
    super(fields)
    this.#status = status
  }

  get status(): number {
    return this.#status
  }

  set status(status: number) {
    if (status === this.#status) return
    if (!isFinalStatus(status)) throw new TypeError('a status is an integer from 200 to 599')
    if (hasNoContent(status) || hasNoContent(this.#status)) {
      throw new TypeError(
        `the status cannot change from ${this.#status} to ${status}: one of them has no content`,
      )
    }
    this.#status = status
  }
}
