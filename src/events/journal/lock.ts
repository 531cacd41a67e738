// One writer a folder. The lock is a file that names its process, and a heartbeat: a lock outlives a kill -9, so it says
// nothing by being there. Where the process can be looked up it is; where not (another host, another container) the
// file's time is watched for a while, so that clocks need not agree.

import { hash } from 'node:crypto'
import { constants, readFileSync, readlinkSync } from 'node:fs'
import { open, readFile, realpath, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { codeOf, FILE_MODE, NO_LINKS, type Obstacle } from './folder.ts'

export interface Lock {
  release(): Promise<void>
}

export interface LockTiming {
  readonly heartbeatMs: number
  /** A heartbeat that is not seen for so long has stopped. */
  readonly watchMs: number
}

const FILE = 'lock'
const TIMING: LockTiming = { heartbeatMs: 3_000, watchMs: 10_000 }
const LOOK_EVERY_MS = 100
const ATTEMPTS_MAX = 3
/** Folders that this process writes to: its own pid in a lock says nothing else. */
const HELD = new Set<string>()

interface Holder {
  readonly pid: number
  /** Host and namespace of process ids: within one, a pid can be looked up. */
  readonly place: string
  /** When the process began, in ticks: a pid is given again. */
  readonly began: string
  readonly since: string
}

/** @returns what is in the way: a writer that is alive, which is for a person to settle, or a fault of the disk */
export async function takeLock(folder: string, timing: LockTiming = TIMING): Promise<Lock | Obstacle> {
  const file = path.join(folder, FILE)
  try {
    const real = await realpath(folder)
    if (HELD.has(real)) return held(folder, 'this very process')
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      if (await create(file)) return holding(file, real, timing)
      const alive = await livingHolder(file, timing)
      if (alive !== undefined) return held(folder, alive)
      await rm(file, { force: true })
    }
    return held(folder, 'another process that started at the same time')
  } catch (error) {
    return { problem: `the lock in ${folder} cannot be taken: ${codeOf(error)}`, passing: true }
  }
}

async function create(file: string): Promise<boolean> {
  const me: Holder = {
    pid: process.pid,
    place: placeOf(),
    began: beganAt(process.pid) ?? '',
    since: new Date().toISOString(),
  }
  try {
    const handle = await open(
      file,
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | NO_LINKS,
      FILE_MODE,
    )
    await handle.writeFile(`${JSON.stringify(me)}\n`)
    await handle.close()
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

function holding(file: string, real: string, { heartbeatMs }: LockTiming): Lock {
  HELD.add(real)
  const timer = setInterval(() => {
    const now = new Date()
    // A disk that cannot take it will be heard of where records are written.
    void utimes(file, now, now).catch(() => undefined)
  }, heartbeatMs)
  timer.unref()
  return {
    async release() {
      clearInterval(timer)
      HELD.delete(real)
      await rm(file, { force: true }).catch(() => undefined)
    },
  }
}

/** Who holds it, in words; undefined where nobody does any more. */
async function livingHolder(file: string, { watchMs }: LockTiming): Promise<string | undefined> {
  const holder = await readHolder(file)
  if (holder?.place === placeOf()) {
    // A pid of ours that is not held is of a process before us: in a container every process has the same one.
    if (holder.pid === process.pid || !isAlive(holder)) return undefined
    return `process ${holder.pid} since ${holder.since}`
  }
  const before = await beatOf(file)
  const until = performance.now() + watchMs
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    const beat = await beatOf(file)
    if (beat === undefined) return undefined
    if (beat !== before)
      return `a process elsewhere (${holder?.place ?? 'unknown'}) since ${holder?.since ?? '?'}`
  }
  return undefined
}

async function beatOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).mtimeMs
  } catch {
    return undefined
  }
}

/** Undefined for one that was cut off while it was written. */
async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const holder: unknown = JSON.parse(
      await readFile(file, { encoding: 'utf8', flag: constants.O_RDONLY | NO_LINKS }),
    )
    if (typeof holder !== 'object' || holder === null || !('pid' in holder)) return undefined
    return holder as Holder
  } catch {
    return undefined
  }
}

function isAlive({ pid, began }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Another user's process may not be signalled; it is there all the same.
    if (codeOf(error) !== 'EPERM') return false
  }
  const now = beganAt(pid)
  return now === undefined || began === '' || now === began
}

/** Undefined where the system does not say. */
function beganAt(pid: number): string | undefined {
  try {
    // The name in brackets may hold anything; the fields that count stand behind it: proc_pid_stat(5), field 22.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function placeOf(): string {
  let namespace = ''
  try {
    namespace = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Systems without namespaces have one.
  }
  return `${hostname()}/${hash('sha256', namespace, 'hex').slice(0, 8)}`
}

function held(folder: string, who: string): Obstacle {
  return {
    problem: `${folder} is written to by ${who}: each gateway needs a folder of its own`,
    passing: false,
  }
}
