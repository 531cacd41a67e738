import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { emptyLoad, type Load } from '../../src/proxy/exchange-services.ts'
import { HeldShares, WAITING_MAX } from '../../src/workers/held-shares.ts'
import { ShareLedger } from '../../src/workers/share-ledger.ts'

/** Workers and their ledger without processes; what one says to the other arrives when it is delivered. */
class Fleet {
  readonly loads = new Map<number, Load>()
  readonly #held = new Map<number, HeldShares>()
  readonly #ledger: ShareLedger
  readonly #mail: (() => void)[] = []

  constructor(workers: number, requests: number) {
    this.#ledger = new ShareLedger({
      whole: { requests, connections: 0 },
      workers,
      spare: (worker, what, wanted) => {
        const held = this.#held.get(worker)
        this.#mail.push(() => {
          const given = held?.spare(what, wanted) ?? 0
          this.#mail.push(() => this.#ledger.spared(worker, what, given))
        })
        return held !== undefined
      },
      grant: (worker, what, amount) => {
        const held = this.#held.get(worker)
        this.#mail.push(() => held?.granted(what, amount))
      },
      // Everybody here answers.
      spareMs: 1_000_000,
    })
    for (let worker = 1; worker <= workers; worker++) this.#open(worker)
  }

  #open(worker: number): void {
    const load = emptyLoad(DEFAULT_OPTIONS)
    load.requestsMax = this.#ledger.open(worker).requests
    this.loads.set(worker, load)
    const ask = (what: 'requests' | 'connections', wanted: number): boolean => {
      this.#mail.push(() => this.#ledger.more(worker, what, wanted))
      return true
    }
    this.#held.set(worker, new HeldShares({ load, ask }))
  }

  /** One request at a worker; tells whether it was let in once all has been delivered. */
  async request(worker: number): Promise<boolean> {
    const load = this.loads.get(worker)
    if (load === undefined) throw new Error('no such worker')
    load.requests += 1
    if (load.requests <= load.requestsMax) return true
    const place = this.#held.get(worker)?.more('requests')
    this.deliver()
    const given = (await place) ?? false
    if (!given) load.requests -= 1
    return given
  }

  deliver(): void {
    for (let next = this.#mail.shift(); next !== undefined; next = this.#mail.shift()) next()
  }

  /** It ends with all that it has, and another comes. */
  replace(worker: number): void {
    this.#ledger.close(worker)
    this.#open(worker)
  }

  end(worker: number): void {
    const load = this.loads.get(worker)
    if (load !== undefined && load.requests > 0) load.requests -= 1
  }

  sum(of: 'requests' | 'requestsMax'): number {
    return Array.from(this.loads.values()).reduce((sum, load) => sum + load[of], 0)
  }
}

test('a request is refused if and only if so many are under way in all', async () => {
  const steps = fc.array(
    fc.record({ worker: fc.integer({ min: 1, max: 3 }), does: fc.constantFrom('begins', 'ends', 'is lost') }),
    { maxLength: 120 },
  )
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 9 }), steps, async (most, history) => {
      const fleet = new Fleet(3, most)
      for (const { worker, does } of history) {
        if (does === 'ends') fleet.end(worker)
        else if (does === 'is lost') fleet.replace(worker)
        else {
          const before = fleet.sum('requests')
          expect(await fleet.request(worker)).toBe(before < most)
        }
        fleet.deliver()
        expect(fleet.sum('requests')).toBeLessThanOrEqual(most)
        expect(fleet.sum('requestsMax')).toBeLessThanOrEqual(most)
      }
    }),
    { numRuns: 500 },
  )
})

test('who waits beyond the limit is refused at once, and nobody waits where nobody can be asked', async () => {
  const load = { ...emptyLoad(DEFAULT_OPTIONS), requestsMax: 0 }
  const held = new HeldShares({ load, ask: () => true })
  for (let waiting = 0; waiting < WAITING_MAX; waiting++)
    expect(held.more('requests')).toBeInstanceOf(Promise)
  expect(held.more('requests')).toBeUndefined()
  const alone = new HeldShares({ load, ask: () => false })
  expect(await alone.more('requests')).toBe(false)
})
