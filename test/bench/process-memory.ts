// Memory of a process as the kernel counts it (Linux).

import { readFileSync } from 'node:fs'

export interface ProcessMemory {
  readonly rssBytes: number
  /** The same with what processes share divided among them. */
  readonly pssBytes: number
  /** What would be given back if the process ended: without the pages that others use too. */
  readonly ownBytes: number
}

export function processMemory(pid: number): ProcessMemory {
  return parseSmapsRollup(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
}

/** `/proc/PID/smaps_rollup` (proc_pid_smaps(5)); throws where a field is missing. */
export function parseSmapsRollup(text: string): ProcessMemory {
  const bytes = (field: string): number => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)
    if (found === null) throw new Error(`smaps_rollup has no ${field}: ${text}`)
    return Number(found[1]) * 1024
  }
  return {
    rssBytes: bytes('Rss'),
    pssBytes: bytes('Pss'),
    ownBytes: bytes('Private_Clean') + bytes('Private_Dirty'),
  }
}

/** How many files and sockets the process may have open; infinity where there is no limit. */
export function openFilesMax(pid: number | 'self'): number {
  return parseOpenFilesMax(readFileSync(`/proc/${pid}/limits`, 'utf8'))
}

/** The soft limit in `/proc/PID/limits`. */
export function parseOpenFilesMax(text: string): number {
  const found = /^Max open files\s+(\d+|unlimited)\s/m.exec(text)
  if (found === null) throw new Error(`limits has no line on open files: ${text}`)
  return found[1] === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found[1])
}
