// What of a journal is worth reading to somebody who asks about one thing. Most lines concern other objects, and their
// first bytes say so: passing over such a line costs a small part of reading it. It must never let pass what it cannot tell.

import type { Kind, Resource } from '../../resources/resource.ts'

/** Lines come in their order, so a sieve may remember what it has let through. */
export interface Sieve {
  /**
   * False where a record that changed this one object, and nothing else, need not be read.
   * @param kind as written, maybe none that this program knows
   * @param json of the record
   */
  takesRecord(kind: string, namespace: string, name: string, json: Buffer): boolean
  /** False where a piece of a checkpoint, objects of one kind, need not be read. */
  takesPiece(kind: Kind, json: Buffer): boolean
  /** False for an object that is left out of lists and states. */
  keeps(resource: Resource): boolean
}

/** What reading on needs to know of a record that was passed over. */
export interface PassedOver {
  readonly passedOver: true
  readonly seq: number
  readonly revision: number
  readonly observedAt: number
}

/** How a record of one object begins (record.ts); where one is written otherwise it is read in full. */
const RECORD =
  /^\{"seq":(\d+),"revision":(\d+),"observedAt":(\d+(?:\.\d+)?),"keys":\["([A-Za-z]+)\/([^"\\/]*)\/([^"\\/]*)"\][,}]/
const PIECE = /^\{"type":"objects","kind":"([A-Za-z]+)","resources":\[/
/** A longer name than fits in here is read in full. */
const HEAD_BYTES = 512

/** What is to be known of a line that need not be read; undefined where it must be. */
export function passOver(json: Buffer, sieve: Sieve): PassedOver | 'piece' | undefined {
  const head = json.toString('latin1', 0, HEAD_BYTES)
  const record = RECORD.exec(head)
  if (record !== null) {
    const [, seq, revision, observedAt, kind = '', namespace = '', name = ''] = record
    if (sieve.takesRecord(kind, namespace, name, json)) return undefined
    return {
      passedOver: true,
      seq: Number(seq),
      revision: Number(revision),
      observedAt: Number(observedAt),
    }
  }
  const piece = PIECE.exec(head)
  // A kind that this program does not know makes no part of a state.
  return piece !== null && !sieve.takesPiece(piece[1] as Kind, json) ? 'piece' : undefined
}
