// What the event loop writes about a call is what the watchdog's thread reads.

import { describe, expect, it } from 'vitest'
import { BLAMED_SLOT, WatchdogMemory } from '../../src/plugins/watchdog-memory.ts'
import { TRACE_ID } from './plugin-folder.ts'

describe('the memory that loop and watchdog share', () => {
  it('gives back on one side what was written on the other', () => {
    const loop = new WatchdogMemory()
    const thread = new WatchdogMemory(loop.buffer)
    expect(thread.read(0)).toBeUndefined()
    const call = {
      index: 255,
      method: 'onResponse',
      traceId: TRACE_ID,
      namespace: 'shop',
      apiproxy: 'orders',
    } as const
    loop.mark(0, call.index, call.method, call.traceId, call.namespace, call.apiproxy)
    expect(thread.read(0)).toEqual(call)
    loop.mark(0, 0, 'onRequest', '', 'shop', 'orders')
    expect(thread.read(0)).toEqual({ ...call, index: 0, method: 'onRequest', traceId: '' })
    loop.clear(0)
    expect(thread.read(0)).toBeUndefined()
  })

  it('keeps the blamed call when the loop has gone on to another one', () => {
    const loop = new WatchdogMemory()
    const thread = new WatchdogMemory(loop.buffer)
    loop.mark(3, 1, 'onRequest', TRACE_ID, 'shop', 'orders')
    thread.blame(3)
    loop.mark(3, 2, 'onRequest', TRACE_ID, 'shop', 'baskets')
    expect(loop.blocks()).toBe(1)
    expect(loop.read(BLAMED_SLOT)).toMatchObject({ index: 1, apiproxy: 'orders' })
    thread.blame(-1)
    expect(loop.blocks()).toBe(2)
    expect(loop.read(BLAMED_SLOT)).toBeUndefined()
  })

  it('cuts names that do not fit and replaces what is not printable ASCII, and leaves the next slot alone', () => {
    const memory = new WatchdogMemory()
    memory.mark(2, 2, 'onRequest', TRACE_ID, 'next', 'slot')
    memory.mark(1, 1, 'onRequest', 't'.repeat(100), 'é\n', 'a'.repeat(5000))
    expect(memory.read(1)).toMatchObject({
      traceId: 't'.repeat(32),
      namespace: '??',
      apiproxy: 'a'.repeat(341),
    })
    expect(memory.read(2)).toMatchObject({ index: 2, namespace: 'next', apiproxy: 'slot' })
  })

  it('counts beats and ends the wait of the thread', () => {
    const memory = new WatchdogMemory()
    memory.beat()
    memory.beat()
    expect(memory.beats()).toBe(2)
    expect(memory.waitForStop(1)).toBe(false)
    memory.stop()
    expect(memory.waitForStop(60_000)).toBe(true)
  })
})
