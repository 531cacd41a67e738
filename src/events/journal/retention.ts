// Which segments of a journal stay: the oldest go where all together are too large, or where the newest record of one is
// too old. The one that is being written always stays.

import { statSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, listSegments } from './folder.ts'
import { readHead } from './segment.ts'

export interface RetentionLimits {
  readonly bytesMax: number
  readonly ageMaxMs: number
}

interface Kept {
  readonly name: string
  bytes: number
  /** When it was begun (ms epoch): no record of the segment before is newer. 0 where it cannot be read. */
  readonly begunAt: number
}

export class Retention {
  readonly #folder: string
  readonly #limits: RetentionLimits
  readonly #log: { warn(fields: object, message: string): void }
  #segments: Kept[] = []

  constructor(folder: string, limits: RetentionLimits, log: { warn(fields: object, message: string): void }) {
    this.#folder = folder
    this.#limits = limits
    this.#log = log
  }

  /** Looks at what is there. */
  load(): void {
    this.#segments = listSegments(this.#folder).map((name) => ({
      name,
      bytes: sizeOf(path.join(this.#folder, name)),
      begunAt: readHead(this.#folder, name)?.observedAt ?? 0,
    }))
  }

  /** A segment is being written now. */
  begun(name: string, bytes: number, begunAt: number): void {
    this.#segments = this.#segments.filter((kept) => kept.name !== name)
    this.#segments.push({ name, bytes, begunAt })
  }

  /** The size of the one that is being written. */
  grown(bytes: number): void {
    const last = this.#segments.at(-1)
    if (last !== undefined) last.bytes = bytes
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  get segments(): number {
    return this.#segments.length
  }

  /** Removes what is beyond the limits. @param now milliseconds since the epoch */
  async enforce(now: number): Promise<void> {
    const { bytesMax, ageMaxMs } = this.#limits
    let excess = this.bytes - bytesMax
    const gone: Kept[] = []
    for (const [index, kept] of this.#segments.slice(0, -1).entries()) {
      const next = this.#segments[index + 1]
      const isOld = next !== undefined && next.begunAt > 0 && next.begunAt < now - ageMaxMs
      if (excess <= 0 && !isOld) break
      excess -= kept.bytes
      gone.push(kept)
    }
    if (gone.length === 0) return
    this.#segments = this.#segments.slice(gone.length)
    for (const { name } of gone) await this.#remove(name)
  }

  async #remove(name: string): Promise<void> {
    try {
      await unlink(path.join(this.#folder, name))
    } catch (error) {
      this.#log.warn({ segment: name, why: codeOf(error) }, 'an old segment of the journal cannot be removed')
    }
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size
  } catch {
    return 0
  }
}
