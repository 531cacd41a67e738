// What a test holds of the world of every outcome: it asks for an outcome and gets the exchange that ended so, as the
// gateway remembers it. Nothing is returned before the gateway has finished the exchange, so that its metrics have it.

import type { ExchangeReport } from '../../../src/explain/exchange-report.ts'
import { connectHttp, httpRequest, type RawResponse } from '../http-client.ts'
import { waitUntil } from '../wait-until.ts'
import { PARTNER_KEY } from './key-part.ts'
import type { Member } from './member.ts'
import {
  type Ask,
  type GatewayName,
  type Outcome,
  type OutcomeGateway,
  REASONS,
  REJECTION_REASONS,
} from './outcome.ts'
import { goodToken } from './token-part.ts'

/** An exchange that ended as it was asked for. */
export interface Produced {
  readonly outcome: Outcome
  /** The gateway that it went through. */
  readonly gateway: OutcomeGateway
  readonly ask: Ask
  /** Absent where the client went away. */
  readonly response: RawResponse | undefined
  readonly traceId: string
  /** As the flight recorder has it: ApiProxy, attempts, cause, checks. */
  readonly report: ExchangeReport
}

/** What good requests ask for on the main gateway, in turn. */
const GOOD: readonly (() => Pick<Ask, 'method' | 'target' | 'headers'>)[] = [
  () => ({ method: 'GET', target: '/cart/1', headers: [] }),
  () => ({ method: 'POST', target: '/cart/2', headers: [['content-length', '0']] }),
  () => ({ method: 'GET', target: '/catalogue/3', headers: [] }),
  () => ({ method: 'GET', target: '/canned', headers: [] }),
  () => ({ method: 'GET', target: '/passes', headers: [] }),
  () => ({ method: 'GET', target: '/secure', headers: [] }),
  () => ({ method: 'GET', target: '/guarded', headers: [['apikey', PARTNER_KEY]] }),
  () => ({ method: 'GET', target: '/tokened', headers: [['authorization', `Bearer ${goodToken()}`]] }),
]

export class EveryOutcome implements AsyncDisposable {
  readonly gateways: readonly OutcomeGateway[]
  /** All of the catalogue, in its order. */
  readonly reasons = REASONS
  readonly rejections = REJECTION_REASONS
  readonly #members: readonly Member[]
  readonly #asked = new Map<Outcome, Produced>()

  constructor(members: readonly Member[]) {
    this.#members = members
    this.gateways = members.map(({ gateway }) => gateway)
  }

  /** `127.0.0.1:port` of every gateway's metrics, for a Prometheus. */
  get targets(): string[] {
    return this.gateways.map(({ prometheusPort }) => `127.0.0.1:${prometheusPort}`)
  }

  gateway(name: GatewayName = 'main'): OutcomeGateway {
    const found = this.gateways.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no gateway is called ${name}`)
    return found
  }

  /** Every outcome that can be produced. */
  get outcomes(): Outcome[] {
    return this.#members.flatMap(({ asks }) => Object.keys(asks) as Outcome[])
  }

  /**
   * Makes one exchange end so; throws where it ends otherwise. One at a time: some fill the gateway up. `shutting_down`
   * happens once in a world's life: asked for again, it gives what it gave.
   */
  async produce(outcome: Outcome): Promise<Produced> {
    const before = this.#asked.get(outcome)
    if (outcome === 'shutting_down' && before !== undefined) return before
    const member = this.#members.find(({ asks }) => asks[outcome] !== undefined)
    const ask = member?.asks[outcome]
    if (member === undefined || ask === undefined) throw new Error(`nobody can produce ${outcome}`)
    const since = new Date().toISOString()
    const { gateway } = member
    const response = await (ask.send ?? plainly)(gateway.port, ask)
    const traceId = response?.header('x-kanali-correlation-id') ?? (await newestClosed(gateway, since))
    const report = await remembered(gateway, traceId)
    const produced = { outcome, gateway, ask, response, traceId, report }
    if (!isAsExpected(outcome, report)) {
      throw new Error(`asked for ${outcome}, got ${report.reason ?? report.outcome}: ${report.detail}`)
    }
    this.#asked.set(outcome, produced)
    return produced
  }

  /** Each outcome once, in the order of the catalogue, the rejections behind; each takes a second at most. */
  async produceAll(outcomes: readonly Outcome[] = [...REASONS, ...REJECTION_REASONS]): Promise<Produced[]> {
    const all: Produced[] = []
    for (const outcome of outcomes) all.push(await this.produce(outcome))
    return all
  }

  /** That many requests that are served well, through upstreams, mocks, plugins and guards of the main gateway. */
  async good(count: number): Promise<void> {
    await using client = await connectHttp(this.gateway().port)
    for (let index = 0; index < count; index++) {
      const { method, target, headers } = (GOOD[index % GOOD.length] ?? (() => plain))()
      const { status } = await client.request(method, target, { headers })
      if (status !== 200) throw new Error(`${method} ${target} got ${status}`)
    }
  }

  async stop(): Promise<void> {
    for (const member of this.#members) await member.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

const plain = { method: 'GET', target: '/cart', headers: [] } as const

function plainly(port: number, { method, target, headers }: Ask): Promise<RawResponse> {
  return httpRequest(port, method, target, { headers })
}

function isAsExpected(outcome: Outcome, report: ExchangeReport): boolean {
  if (outcome === 'ok' || outcome === 'client_closed') return report.outcome === outcome
  if (outcome === 'upstream_answers_503') return report.outcome === 'ok' && report.status === 503
  return report.reason === outcome
}

/** The trace of the last client of that gateway that went away since then. */
async function newestClosed(gateway: OutcomeGateway, since: string): Promise<string> {
  const query = `outcome=client_closed&since=${since}&limit=1`
  return waitUntil(async () => {
    const page = await fetch(`http://127.0.0.1:${gateway.profilingPort}/debug/exchanges?${query}`)
    const { exchanges = [] } = (await page.json()) as { exchanges?: { trace_id: string }[] }
    return exchanges[0]?.trace_id
  }, 'a client that went away')
}

async function remembered({ profilingPort }: OutcomeGateway, traceId: string): Promise<ExchangeReport> {
  return waitUntil(async () => {
    const page = await fetch(`http://127.0.0.1:${profilingPort}/debug/exchanges/${traceId}`)
    if (page.status !== 200) return undefined
    const { exchanges } = (await page.json()) as { exchanges: Record<string, ExchangeReport> }
    return Object.values(exchanges).at(-1)
  }, `the exchange ${traceId} in the flight recorder`)
}
