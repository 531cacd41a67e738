// The memory that the event loop and its watchdog share: a heartbeat, and slots that say which plugin is at work.
// The loop writes, the watchdog's thread reads while the loop stands still. Nothing in it grows.

export type WatchedMethod = 'load' | 'onRequest' | 'onResponse'

/** What one slot says. */
export interface WatchedCall {
  /** Index of the plugin's file. */
  readonly index: number
  readonly method: WatchedMethod
  readonly traceId: string
  readonly namespace: string
  readonly apiproxy: string
}

/** Slot 0: the call that is on the stack now. The others: calls whose promise has not settled. */
export const SLOTS = 32
/** Where the watchdog copies the call that it blames: one beyond the calls. */
export const BLAMED_SLOT = 32

const METHODS: readonly WatchedMethod[] = ['load', 'onRequest', 'onResponse']
const SLOT_BYTES = 384
const TRACE_AT = 8
const TRACE_CHARS = 32
const TEXT_AT = TRACE_AT + TRACE_CHARS
const TEXT_CHARS_MAX = SLOT_BYTES - TEXT_AT
const HEAD_BYTES = 16
const BEAT = 0
const STOP = 1
const BLOCKS = 2

export class WatchdogMemory {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #bytes: Uint8Array<SharedArrayBuffer>
  /** Which ApiProxy each slot was last written for: writing it again is most of the cost. */
  readonly #writtenNamespace: string[] = Array.from({ length: SLOTS }, () => '')
  readonly #writtenApiproxy: string[] = Array.from({ length: SLOTS }, () => '')

  constructor(buffer = new SharedArrayBuffer(HEAD_BYTES + (SLOTS + 1) * SLOT_BYTES)) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer)
    this.#bytes = new Uint8Array(buffer)
  }

  beat(): void {
    Atomics.add(this.#words, BEAT, 1)
  }

  beats(): number {
    return Atomics.load(this.#words, BEAT)
  }

  /** Ends the watchdog's wait. */
  stop(): void {
    Atomics.store(this.#words, STOP, 1)
    Atomics.notify(this.#words, STOP)
  }

  /** For the watchdog's thread only: it blocks. True where `stop` was called. */
  waitForStop(forMs: number): boolean {
    return Atomics.wait(this.#words, STOP, 0, forMs) !== 'timed-out'
  }

  /** How many blocks the watchdog has blamed on a call. */
  blocks(): number {
    return Atomics.load(this.#words, BLOCKS)
  }

  /** For the watchdog's thread: blames the call of that slot, or, with -1, no single one. */
  blame(slot: number): void {
    const to = startOf(BLAMED_SLOT)
    if (slot === -1) this.clear(BLAMED_SLOT)
    else this.#bytes.copyWithin(to, startOf(slot), startOf(slot) + SLOT_BYTES)
    Atomics.add(this.#words, BLOCKS, 1)
  }

  /** Says that a call is at work. Text beyond the slot's size is cut. */
  mark(
    slot: number,
    index: number,
    method: WatchedMethod,
    traceId: string,
    namespace: string,
    apiproxy: string,
  ): void {
    const start = startOf(slot)
    this.#write(start + TRACE_AT, traceId, TRACE_CHARS)
    if (this.#writtenNamespace[slot] !== namespace || this.#writtenApiproxy[slot] !== apiproxy) {
      this.#writtenNamespace[slot] = namespace
      this.#writtenApiproxy[slot] = apiproxy
      const text = `${namespace}/${apiproxy}`
      this.#words[start / 4 + 1] = this.#write(start + TEXT_AT, text, TEXT_CHARS_MAX)
    }
    Atomics.store(this.#words, start / 4, 1 + index * METHODS.length + METHODS.indexOf(method))
  }

  clear(slot: number): void {
    Atomics.store(this.#words, startOf(slot) / 4, 0)
  }

  /** What a slot says; undefined where nothing is at work there. */
  read(slot: number): WatchedCall | undefined {
    const start = startOf(slot)
    const state = Atomics.load(this.#words, start / 4) - 1
    if (state < 0) return undefined
    const text = this.#text(start + TEXT_AT, this.#words[start / 4 + 1] ?? 0)
    const slash = text.indexOf('/')
    return {
      index: Math.floor(state / METHODS.length),
      method: METHODS[state % METHODS.length] ?? 'load',
      traceId: this.#text(start + TRACE_AT, TRACE_CHARS).replaceAll('\0', ''),
      namespace: text.slice(0, Math.max(slash, 0)),
      apiproxy: text.slice(slash + 1),
    }
  }

  /** Writes ASCII (anything else becomes a question mark) and returns how many characters; a trace id is padded. */
  #write(at: number, text: string, charsMax: number): number {
    const count = Math.min(text.length, charsMax)
    for (let i = 0; i < count; i += 1) {
      const code = text.charCodeAt(i)
      this.#bytes[at + i] = code > 0x1f && code < 0x7f ? code : 0x3f
    }
    if (count < TRACE_CHARS && charsMax === TRACE_CHARS) this.#bytes.fill(0, at + count, at + TRACE_CHARS)
    return count
  }

  #text(at: number, count: number): string {
    let text = ''
    for (let i = 0; i < count; i += 1) text += String.fromCharCode(this.#bytes[at + i] ?? 0)
    return text
  }
}

function startOf(slot: number): number {
  return HEAD_BYTES + slot * SLOT_BYTES
}
