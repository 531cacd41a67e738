// A scripted API server: each request takes the next step of the script, which answers it as it likes. Where the script
// is at its end, a watch stays open and silent. It knows nothing of Kubernetes; what is true of a real API server is
// tested against a real one.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers one request. */
export type Step = (response: ServerResponse, url: URL, request: IncomingMessage) => void

export class FakeApiServer implements AsyncDisposable {
  /** Every request so far, in order. */
  readonly requests: URL[] = []
  readonly url: string
  readonly #server: Server
  readonly #steps: Step[]

  constructor(server: Server, steps: Step[], requests: URL[]) {
    this.#server = server
    this.#steps = steps
    this.requests = requests
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** Appends to the script. */
  append(...steps: Step[]): void {
    this.#steps.push(...steps)
  }

  /** A kubeconfig that leads here, as text. */
  get kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'fake', cluster: { server: this.url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'fake', user: { token: 'fake' } }],
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake' } }],
      'current-context': 'fake',
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }
}

/** Each request takes the next step. */
export function startFakeApiServer(...steps: Step[]): Promise<FakeApiServer> {
  return start(steps, () => openWatch())
}

/** Each request to a collection (by its plural) takes that collection's step; the others are listed and empty. */
export function startFakeCluster(collections: Readonly<Record<string, Step>>): Promise<FakeApiServer> {
  return start([], (url) => collections[url.pathname.split('/').at(-1) ?? ''] ?? openWatch(...streamed('1')))
}

async function start(script: Step[], otherwise: (url: URL) => Step): Promise<FakeApiServer> {
  const requests: URL[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake')
    requests.push(url)
    const step = script.shift() ?? otherwise(url)
    step(response, url, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return new FakeApiServer(server, script, requests)
}

/** An object of the watched collection. */
export function fakeObject(name: string, resourceVersion: string, more: object = {}): object {
  return { metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion }, ...more }
}

export const added = (object: object) => ({ type: 'ADDED', object })
export const modified = (object: object) => ({ type: 'MODIFIED', object })
export const deleted = (object: object) => ({ type: 'DELETED', object })

export const bookmark = (resourceVersion: string, annotations: object = {}) => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion, annotations } },
})

export const failed = (code: number, message = 'said') => ({
  type: 'ERROR',
  object: { kind: 'Status', code, message },
})

/** The events of a streamed list and the bookmark at its end. */
export function streamed(resourceVersion: string, ...objects: object[]): object[] {
  return [...objects.map(added), bookmark(resourceVersion, { 'k8s.io/initial-events-end': 'true' })]
}

/** A watch with these events; it stays open. */
export function openWatch(...events: object[]): Step {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    for (const event of events) response.write(lineOf(event))
  }
}

/** A watch with these events that the server ends as agreed. */
export function endedWatch(...events: object[]): Step {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(events.map(lineOf).join(''))
  }
}

/** A watch with that very text, and then a broken connection. */
export function cutWatch(text: string): Step {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write(text, () => response.socket?.destroy())
  }
}

/** A page of a list. */
export function page(resourceVersion: string, items: object[], next?: string): Step {
  const metadata = { resourceVersion, ...(next !== undefined && { continue: next }) }
  return status(200, { kind: 'List', metadata, items })
}

export function status(code: number, body: object = { kind: 'Status', code }, headers: object = {}): Step {
  return (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
}

export function lineOf(event: object): string {
  return `${JSON.stringify(event)}\n`
}
