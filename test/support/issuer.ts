// An issuer's key set on loopback: a real HTTP server that answers what it is told to, and counts.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type IssuerAnswer = (request: IncomingMessage, response: ServerResponse) => void

export class Issuer {
  readonly #server: Server
  /** Replaced to change what is answered. */
  answer: IssuerAnswer
  /** Requests seen so far. */
  asked = 0

  private constructor(answer: IssuerAnswer) {
    this.answer = answer
    this.#server = createServer((request, response) => {
      this.asked += 1
      this.answer(request, response)
    })
  }

  static async start(answer: IssuerAnswer = publishes([])): Promise<Issuer> {
    const issuer = new Issuer(answer)
    issuer.#server.listen(0, '127.0.0.1')
    await once(issuer.#server, 'listening')
    return issuer
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** Answers with a set of these keys. */
export function publishes(
  keys: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): IssuerAnswer {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/jwk-set+json', ...headers })
    response.end(JSON.stringify({ keys }))
  }
}

export function fails(status = 503, headers: Readonly<Record<string, string>> = {}): IssuerAnswer {
  return (_request, response) => {
    response.writeHead(status, headers).end()
  }
}
