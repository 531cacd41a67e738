// A listener in the place of everybody whom Alertmanager tells, and the project's own routes made to lead there.
// Must never let anything be sent beyond 127.0.0.1.

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { waitUntil } from './wait-until.ts'

const ROUTES = path.join(import.meta.dirname, '../../dashboards/generated/alertmanager.yaml')
const NOWHERE = 'http://notify.invalid'

/** One alert of one notification. */
export interface ToldAlert {
  /** Of the configuration: `kanali-upstream-page`. */
  readonly receiver: string
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export class Notified implements AsyncDisposable {
  readonly url: string
  /** All that anybody was told so far. */
  readonly told: readonly ToldAlert[]
  readonly #server: Server

  constructor(server: Server, told: readonly ToldAlert[]) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.told = told
    this.#server = server
  }

  /** Waits until somebody is told of such an alert. */
  until(accepts: (alert: ToldAlert) => boolean, what: string, timeoutMs = 60_000): Promise<ToldAlert> {
    return waitUntil(
      () => this.told.find(accepts) ?? false,
      () => `${what}; told so far: ${JSON.stringify(this.told).slice(0, 4000)}`,
      { timeoutMs, everyMs: 100 },
    )
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** Listens on a free port; the path of a notification is the name of its receiver. */
export async function startNotified(): Promise<Notified> {
  const told: ToldAlert[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { alerts } = JSON.parse(Buffer.concat(chunks).toString()) as { alerts: ToldAlert[] }
      const receiver = (request.url ?? '').slice(1)
      for (const { status, labels, annotations } of alerts)
        told.push({ receiver, status, labels, annotations })
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new Notified(server, told)
}

/** The committed file but for where it sends to and how long a group waits: a second. */
export async function committedRoutes(url: string): Promise<string> {
  const text = await readFile(ROUTES, 'utf8')
  if (!text.includes(NOWHERE)) throw new Error(`${ROUTES} sends nothing to ${NOWHERE}`)
  return text.replaceAll(NOWHERE, url).replace(/(group_wait|group_interval): \w+/g, '$1: 1s')
}
