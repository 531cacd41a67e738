// Scrapes as answers: a page that is made while its reader takes it, for a bounded number of readers and a bounded time.
// It must never hold more of a page than one piece, nor let a reader that stalls hold its place.

import { Readable } from 'node:stream'
import type { Answer } from './answer.ts'
import { refusal } from './answer.ts'
import type { AdminLog } from './admin-server.ts'

/** What gives the metrics; the format follows the Accept field. */
export interface MetricsSource {
  expose(accept: string | undefined): { contentType: string; pieces: AsyncGenerator<Buffer> }
}

export interface ScrapeLimits {
  /** At once: a pair of Prometheus servers, and a person or two. */
  readonly scrapesMax: number
  /** From the request to the last piece that the reader has taken. */
  readonly scrapeTimeoutMs: number
}

export const SCRAPE_LIMITS: ScrapeLimits = { scrapesMax: 4, scrapeTimeoutMs: 60_000 }

export class Scrapes {
  readonly #metrics: MetricsSource
  readonly #log: Pick<AdminLog, 'warn'>
  readonly #limits: ScrapeLimits
  #running = 0

  constructor(metrics: MetricsSource, log: Pick<AdminLog, 'warn'>, limits: ScrapeLimits) {
    this.#metrics = metrics
    this.#log = log
    this.#limits = limits
  }

  /** The page for one reader; rejects where not even its beginning can be made. */
  async answer(accept: string | undefined, clientAddress: string): Promise<Answer> {
    const { scrapesMax } = this.#limits
    if (this.#running >= scrapesMax) {
      return refusal(
        503,
        'too_many_scrapes',
        `${scrapesMax} scrapes are under way, and no more are served.`,
        {
          headers: { 'retry-after': '1' },
        },
      )
    }
    this.#running++
    try {
      const { contentType, pieces } = this.#metrics.expose(accept)
      // Before the status is sent: what fails at the beginning, or in a page of one piece, is a 500.
      const first = await pieces.next()
      const page = Readable.from(first.done === true ? [] : continued(first.value, pieces), {
        objectMode: false,
      })
      this.#bound(page, clientAddress)
      return { status: 200, contentType, stream: page }
    } catch (error) {
      this.#running--
      throw error
    }
  }

  /** Counts the page as under way until it is closed, and closes it when its time is over. */
  #bound(page: Readable, client: string): void {
    const timeoutMs = this.#limits.scrapeTimeoutMs
    const timer = setTimeout(() => {
      this.#log.warn({ client, timeout_ms: timeoutMs }, 'A scrape was cut off: it was not read in time')
      page.destroy()
    }, timeoutMs)
    page.once('close', () => {
      clearTimeout(timer)
      this.#running--
    })
  }
}

async function* continued(first: Buffer, pieces: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  yield* pieces
}
