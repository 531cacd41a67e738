// The load generator for machines without wrk: `node load-client.ts PORT TARGET SECONDS` keeps raw sockets busy,
// one request at a time on each, and prints one line of JSON. It understands answers with Content-Length and chunks.

import { connect, type Socket } from 'node:net'
import { CONNECTIONS, type LoadResult } from './load.ts'
import { isGood, isWhole, rawRequest } from './raw-request.ts'

const [port = '0', target = '/', seconds = '1'] = process.argv.slice(2)
const request = rawRequest(Number(port), target)
const latencies: number[] = []
let errors = 0
let isOver = false

class Client {
  readonly #socket: Socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
  #sentAt = 0
  #received = ''

  constructor() {
    this.#socket.setEncoding('latin1')
    this.#socket.on('connect', () => this.#send())
    this.#socket.on('data', (text: string) => this.#take(text))
    this.#socket.on('error', () => errors++)
    this.#socket.on('close', () => {
      if (!isOver) clients.push(new Client())
    })
  }

  end(): void {
    this.#socket.destroy()
  }

  #send(): void {
    this.#sentAt = performance.now()
    this.#received = ''
    this.#socket.write(request, 'latin1')
  }

  #take(text: string): void {
    this.#received += text
    if (!isWhole(this.#received)) return
    latencies.push(performance.now() - this.#sentAt)
    if (!isGood(this.#received)) errors++
    if (!isOver) this.#send()
  }
}

function result(startedAt: number): LoadResult {
  const sorted = latencies.toSorted((a, b) => a - b)
  return {
    requests: sorted.length,
    errors,
    seconds: (performance.now() - startedAt) / 1000,
    p50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
    p99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
  }
}

const startedAt = performance.now()
const clients: Client[] = []
for (let count = 0; count < CONNECTIONS; count++) clients.push(new Client())
setTimeout(() => {
  isOver = true
  for (const client of clients) client.end()
  process.stdout.write(`${JSON.stringify(result(startedAt))}\n`)
}, Number(seconds) * 1000)
