// The watchdog's thread: it sees that the event loop has stopped beating and says so itself, since nothing else can.
// It writes straight to standard error (2): every stream of this process runs on the loop that is blocked.

import { writeSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import type { LogFields, LogLine } from '../telemetry/names.ts'
import { SLOTS, type WatchedCall, WatchdogMemory } from './watchdog-memory.ts'

/** What watchdog.ts starts this thread with. */
export interface WatchdogOrders {
  readonly buffer: SharedArrayBuffer
  /** Plugin files by index. */
  readonly files: readonly string[]
  readonly timeoutMs: number
  readonly everyMs: number
  readonly repeatMs: number
}

// Four calls keep a line below what a pipe takes in one piece, so that no other line gets into it.
const SUSPECTS_SHOWN = 4
const WRITE_ATTEMPTS = 50

const { buffer, files, timeoutMs, everyMs, repeatMs } = workerData as WatchdogOrders
const memory = new WatchdogMemory(buffer)
watch()

function watch(): void {
  let beats = memory.beats()
  let stillMs = 0
  let reportAtMs = timeoutMs
  let last = performance.now()
  while (!memory.waitForStop(everyMs)) {
    const now = performance.now()
    // A process that was suspended as a whole was not blocked: no single turn counts for more than two.
    stillMs += Math.min(now - last, everyMs * 2)
    last = now
    if (memory.beats() !== beats) {
      beats = memory.beats()
      stillMs = 0
      reportAtMs = timeoutMs
    } else if (stillMs >= reportAtMs) {
      report(beats, stillMs, reportAtMs === timeoutMs)
      reportAtMs = stillMs + repeatMs
    }
  }
}

/** A call on the stack is the culprit; without one, a call that waits for its promise may have been continued. */
function report(beats: number, stillMs: number, first: boolean): void {
  const running = memory.read(0)
  const suspects = running === undefined ? waiting() : [{ slot: 0, call: running }]
  // The loop went on while this was read: what was read may belong to no block at all.
  if (memory.beats() !== beats) return
  const only = suspects.length === 1 ? suspects[0] : undefined
  if (first && suspects.length > 0) memory.blame(only?.slot ?? -1)
  const calls = suspects.map(({ call }) => call)
  write(`${JSON.stringify(line(stillMs, calls, running !== undefined))}\n`)
}

function waiting(): { slot: number; call: WatchedCall }[] {
  const found: { slot: number; call: WatchedCall }[] = []
  for (let slot = 1; slot < SLOTS; slot += 1) {
    const call = memory.read(slot)
    if (call !== undefined) found.push({ slot, call })
  }
  return found
}

function line(stillMs: number, calls: readonly WatchedCall[], certain: boolean): LogLine {
  const level = calls.length > 0 ? 'error' : 'warn'
  const head = { level, time: new Date().toISOString(), blocked_ms: Math.round(stillMs) }
  const [first, ...others] = calls
  if (first === undefined) return { ...head, msg: 'the event loop is blocked, and no plugin is at work' }
  if (others.length > 0) {
    const suspects = calls.slice(0, SUSPECTS_SHOWN).map(fieldsOf)
    const msg = 'the event loop is blocked, most likely by one of the plugins that are at work'
    return { ...head, suspects, suspects_total: calls.length, msg }
  }
  const fields = fieldsOf(first)
  const msg = certain
    ? `plugin ${fields.plugin} blocks the event loop: no request is served until it returns`
    : `the event loop is blocked, most likely by plugin ${fields.plugin}, the only one at work`
  return { ...head, ...fields, certain, msg }
}

function fieldsOf(call: WatchedCall): LogFields & { readonly plugin: string } {
  const { index, method, namespace, apiproxy, traceId } = call
  return { plugin: files[index] ?? '', method, namespace, apiproxy, trace_id: traceId }
}

/** Standard error may be a pipe that is full, and its reader slow: tried for a second, then given up. */
function write(text: string): void {
  let rest = Buffer.from(text)
  for (let attempt = 0; attempt < WRITE_ATTEMPTS && rest.length > 0; attempt += 1) {
    try {
      rest = rest.subarray(writeSync(2, rest))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return
      if (memory.waitForStop(20)) return
    }
  }
}
