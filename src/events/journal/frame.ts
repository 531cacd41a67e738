// One line of a journal: a checksum, a length, a JSON object, a line feed. `cut -d' ' -f3- <segment> | jq` reads it.
// It must never trust a line: what does not fit its length and checksum to the byte is no line.

import { crc32 } from 'node:zlib'
import type { JournalLine, ObjectsLine } from './record.ts'
import { type PassedOver, passOver, type Sieve } from './sieve.ts'

const CRC_DIGITS = 8
const SPACE = 0x20
/** A piece of a checkpoint of which nothing is kept. */
const NOTHING: ObjectsLine = { type: 'objects', kind: 'ApiProxy', resources: [] }
/** Digits of a length: JSON of 10 GB is none of ours. */
const LENGTH_DIGITS_MAX = 10

/** The line, with its line feed. JSON holds no line feed of its own. Throws where the text would be too long for a string. */
export function frame(line: JournalLine): string {
  const json = JSON.stringify(line)
  return `${crc32(json).toString(16).padStart(CRC_DIGITS, '0')} ${Buffer.byteLength(json)} ${json}\n`
}

/**
 * What a line holds.
 * @param line without its line feed
 * @returns undefined where the line is damaged
 */
export function unframe(line: Buffer): JournalLine | undefined {
  const json = checkedJson(line)
  return json === undefined ? undefined : outlined(json)
}

/** The same of a line that a sieve may pass over. */
export function unframeThrough(line: Buffer, sieve: Sieve): JournalLine | PassedOver | undefined {
  const json = checkedJson(line)
  if (json === undefined) return undefined
  const passed = passOver(json, sieve)
  if (passed === 'piece') return NOTHING
  return passed ?? outlined(json)
}

function checkedJson(line: Buffer): Buffer | undefined {
  const start = startOfJson(line)
  if (start === undefined) return undefined
  const json = line.subarray(start)
  if (Number(line.toString('latin1', CRC_DIGITS + 1, start - 1)) !== json.length) return undefined
  if (line.toString('latin1', 0, CRC_DIGITS) !== crc32(json).toString(16).padStart(CRC_DIGITS, '0')) {
    return undefined
  }
  return json
}

function startOfJson(line: Buffer): number | undefined {
  if (line[CRC_DIGITS] !== SPACE) return undefined
  const end = line.indexOf(SPACE, CRC_DIGITS + 1)
  return end === -1 || end > CRC_DIGITS + 1 + LENGTH_DIGITS_MAX ? undefined : end + 1
}

/** A checksum is no proof that nobody wrote the file by hand: only the outline is looked at here. */
function outlined(json: Buffer): JournalLine | undefined {
  try {
    const value: unknown = JSON.parse(json.toString('utf8'))
    if (typeof value !== 'object' || value === null) return undefined
    if ('type' in value) return value as JournalLine
    if (!('event' in value) || !('revision' in value) || !('seq' in value)) return undefined
    return value as JournalLine
  } catch {
    return undefined
  }
}
