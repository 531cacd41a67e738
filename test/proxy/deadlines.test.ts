import { describe, expect, it } from 'vitest'
import { Deadlines, type Timed } from '../../src/proxy/deadlines.ts'

class Waiting implements Timed {
  deadlineAt: number
  deadlinePlace = -1
  readonly said: string[] = []
  readonly #then: () => void

  constructor(deadlineAt: number, then: () => void = () => undefined) {
    this.deadlineAt = deadlineAt
    this.#then = then
  }

  expired(): void {
    this.said.push('expired')
    this.#then()
  }

  cutOff(): void {
    this.said.push('cut off')
    this.#then()
  }
}

/** Resolves after the next tick. */
function ticked() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, deadlines: new Deadlines(() => resolve()) }
}

describe('deadlines', () => {
  it('expire once, and only those that have passed and are still there', async () => {
    const { deadlines, promise } = ticked()
    const [passed, later, without, gone] = [1, Infinity, 0, 1].map((at) => new Waiting(at))
    for (const timed of [gone, passed, later, without]) deadlines.add(timed as Waiting)
    deadlines.delete(gone as Waiting)
    deadlines.delete(gone as Waiting)
    await promise
    deadlines.stop()
    expect([passed, later, without, gone].map((timed) => timed?.said)).toEqual([['expired'], [], [], []])
  })

  it('leave alone what another one has ended on expiring, and take up what comes meanwhile', async () => {
    const { deadlines, promise } = ticked()
    const added = new Waiting(1)
    const second = new Waiting(1)
    const first = new Waiting(1, () => {
      deadlines.delete(second)
      deadlines.add(added)
    })
    deadlines.add(first)
    deadlines.add(second)
    await promise
    deadlines.stop()
    expect(second.said).toEqual([])
    deadlines.cutOff()
    expect([first.said, second.said, added.said]).toEqual([['expired', 'cut off'], [], ['cut off']])
  })

  it('cut off everything, also where each one leaves on being cut off', () => {
    const { deadlines } = ticked()
    const all = Array.from({ length: 5 }, () => {
      const timed: Waiting = new Waiting(0, () => deadlines.delete(timed))
      return timed
    })
    for (const timed of all) deadlines.add(timed)
    deadlines.cutOff()
    deadlines.stop()
    expect(all.map(({ said }) => said)).toEqual(Array.from({ length: 5 }, () => ['cut off']))
  })
})
