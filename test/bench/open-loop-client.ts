// Load at a fixed rate: `node open-loop-client.ts PORT TARGET PER_SECOND SECONDS SEED` sends requests when they are due
// over 64 raw sockets, whatever the answers do, and prints one line of JSON (`OpenLoopResult`).
// It never sleeps: a timer is late by up to a millisecond, which is more than most answers take. So it must run where it
// is in nobody's way: at the lowest priority of its core.

import { connect, type Socket } from 'node:net'
import { CONNECTIONS } from './load.ts'
import { arrivals, Ledger } from './open-loop.ts'
import { isGood, isWhole, rawRequest } from './raw-request.ts'

const [port = 0, perSecond = 0, seconds = 0, seed = 0] = [2, 4, 5, 6].map((at) => Number(process.argv[at]))
const request = rawRequest(port, process.argv[3] ?? '/')
/** Sockets, caches and compilers come to rest; at most a quarter of the run. */
const SETTLE_MS = Math.min(500, seconds * 250)
/** A turn of the loop that takes longer was interrupted: that is no time to spare. */
const IDLE_TURN_MS_MAX = 0.2
/** How long answers may take after the last request is sent. */
const DRAIN_MS = 3000

const due = arrivals(perSecond, seconds, seed)
const ledger = new Ledger(due, SETTLE_MS)
/** Longest idle first, so that all of them are used. */
const idle: Lane[] = []
let next = 0
let inFlight = 0
let startedAt = 0
let [turnedAtMs, spareMs, hasWorked] = [0, 0, false]

class Lane {
  freeAtMs = 0
  #index = -1
  #received = ''
  readonly #socket: Socket

  constructor(onOpen: () => void) {
    const buffer = Buffer.allocUnsafe(65_536)
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          this.#take(buffer.toString('latin1', 0, length))
          return true
        },
      },
    })
    this.#socket.once('connect', onOpen)
    this.#socket.on('error', () => undefined)
    this.#socket.once('close', () => this.#lost())
  }

  send(index: number, atMs: number): void {
    ledger.sent(index, atMs, this.freeAtMs)
    this.#index = index
    inFlight++
    hasWorked = true
    this.#socket.write(request, 'latin1')
  }

  end(): void {
    this.#socket.removeAllListeners('close')
    this.#socket.destroy()
  }

  #take(text: string): void {
    hasWorked = true
    this.#received = this.#received === '' ? text : this.#received + text
    if (this.#index < 0 || !isWhole(this.#received)) return
    this.#settle(isGood(this.#received))
    this.#received = ''
    idle.push(this)
    sendDue()
  }

  #settle(good: boolean): void {
    this.freeAtMs = elapsed()
    ledger.answered(this.#index, this.freeAtMs, good)
    this.#index = -1
    inFlight--
  }

  /** Another one takes its place; a request that was on its way has failed. */
  #lost(): void {
    if (this.#index >= 0) this.#settle(false)
    const at = idle.indexOf(this)
    if (at >= 0) idle.splice(at, 1)
    const lane = new Lane(() => {
      lane.freeAtMs = elapsed()
      idle.push(lane)
    })
    lanes[lanes.indexOf(this)] = lane
  }
}

const lanes: Lane[] = []
await new Promise<void>((resolve) => {
  let open = 0
  for (let count = 0; count < CONNECTIONS; count++) {
    const lane = new Lane(() => {
      idle.push(lane)
      if (++open === CONNECTIONS) resolve()
    })
    lanes.push(lane)
  }
})
startedAt = performance.now()
turn()

function elapsed(): number {
  return performance.now() - startedAt
}

function sendDue(): void {
  const atMs = elapsed()
  while (next < due.length && (due[next] ?? 0) <= atMs) {
    const lane = idle.shift()
    if (lane === undefined) return
    lane.send(next++, elapsed())
  }
}

function turn(): void {
  sendDue()
  const atMs = elapsed()
  if (!hasWorked && atMs - turnedAtMs < IDLE_TURN_MS_MAX) spareMs += atMs - turnedAtMs
  hasWorked = false
  turnedAtMs = atMs
  const isOver = next === due.length && inFlight === 0
  if (!isOver && atMs < seconds * 1000 + DRAIN_MS) {
    setImmediate(turn)
    return
  }
  for (const lane of lanes) lane.end()
  process.stdout.write(`${JSON.stringify(ledger.result(Math.max(atMs, seconds * 1000), spareMs))}\n`)
}
