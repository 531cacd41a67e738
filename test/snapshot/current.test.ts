import { describe, expect, it } from 'vitest'
import { INITIAL_SNAPSHOT } from '../../src/snapshot/build.ts'
import { Current } from '../../src/snapshot/current.ts'
import { bareSnapshot } from '../support/bare-snapshot.ts'

describe('the current snapshot', () => {
  it('is the initial one, of revision 0, before the first swap', () => {
    expect(new Current().snapshot).toBe(INITIAL_SNAPSHOT)
    expect(INITIAL_SNAPSHOT.revision).toBe(0)
  })

  it('is swapped before its subscribers are told', () => {
    const current = new Current()
    const told: unknown[] = []
    current.subscribe((next, previous) => told.push(next === current.snapshot, previous.revision))
    current.swap(bareSnapshot())
    expect(told).toEqual([true, 0])
  })

  it('is no news where it is swapped for itself', () => {
    const current = new Current()
    const told: number[] = []
    const end = current.subscribe(({ revision }) => told.push(revision))
    const next = bareSnapshot()
    current.swap(next)
    current.swap(next)
    end()
    current.swap(bareSnapshot({ revision: 2 }))
    expect(told).toEqual([1])
  })

  it('tells every subscriber, also after one that throws', () => {
    const current = new Current()
    const told: number[] = []
    current.subscribe(() => {
      throw new Error('first')
    })
    current.subscribe(({ revision }) => told.push(revision))
    expect(() => current.swap(bareSnapshot())).toThrow(AggregateError)
    expect(told).toEqual([1])
    expect(current.snapshot.revision).toBe(1)
  })
})
