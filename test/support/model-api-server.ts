// A small model of the API server's list and watch over one collection, with a true history, that does to its clients
// what real ones do: it cuts, refuses, forgets history, falls silent and says garbage, as a random source tells it.

import type { ServerResponse } from 'node:http'
import {
  added,
  bookmark,
  deleted,
  failed,
  lineOf,
  modified,
  status,
  type Step,
  streamed,
} from './fake-api-server.ts'

interface Change {
  readonly version: number
  readonly line: string
}

interface Stored {
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly uid: string
    readonly resourceVersion: string
  }
  readonly value: number
}

export class ModelApiServer {
  /** What the collection was at each version, as text: `a=1 b=2`. */
  readonly moments = new Set<string>([''])
  readonly #random: () => number
  readonly #objects = new Map<string, Stored>()
  #history: Change[] = []
  #version = 1
  #forgottenUpTo = 0
  #watches = new Set<ServerResponse>()
  /** Watches that will hear no more, and do not know it. */
  #silent = new Set<ServerResponse>()
  #garbles = false
  /** False: it behaves. */
  mischievous = true

  constructor(random: () => number) {
    this.#random = random
  }

  get now(): string {
    return textOf(this.#objects.values())
  }

  put(name: string, value: number): void {
    const known = this.#objects.get(name)
    this.#version += 1
    const object: Stored = {
      metadata: {
        name,
        namespace: 'shop',
        uid: known?.metadata.uid ?? `${name}-${this.#version}`,
        resourceVersion: String(this.#version),
      },
      value,
    }
    this.#objects.set(name, object)
    this.#tell(known === undefined ? added(object) : modified(object))
  }

  delete(name: string): void {
    const known = this.#objects.get(name)
    if (known === undefined) return
    this.#version += 1
    this.#objects.delete(name)
    this.#tell(deleted({ ...known, metadata: { ...known.metadata, resourceVersion: String(this.#version) } }))
  }

  /** History up to now is forgotten: who asks for it gets 410. */
  compact(): void {
    this.#history = []
    this.#forgottenUpTo = this.#version
  }

  /** Ends every connection, some in the middle of a line. */
  cut(): void {
    for (const watch of this.#watches) {
      if (this.#random() < 0.5) watch.write('{"type":"MODIFIED","object":{"meta')
      watch.socket?.destroy()
    }
    this.#watches.clear()
  }

  fallSilent(): void {
    for (const watch of this.#watches) this.#silent.add(watch)
  }

  /** The next change reaches those who watch as garbage. */
  sayGarbage(): void {
    this.#garbles = true
  }

  readonly step: Step = (response, url, request) => {
    if (this.mischievous && this.#random() < 0.2) {
      const code = [429, 500, 503, 403, 410][Math.floor(this.#random() * 5)] ?? 500
      return status(code)(response, url, request)
    }
    const from = url.searchParams.get('resourceVersion')
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    if (from === null) return this.#list(response)
    if (Number(from) < this.#forgottenUpTo) return void response.end(lineOf(failed(410)))
    for (const { version, line } of this.#history) if (version > Number(from)) response.write(line)
    this.#watch(response)
  }

  #list(response: ServerResponse): void {
    const lines = streamed(String(this.#version), ...this.#objects.values()).map(lineOf)
    if (this.mischievous && this.#random() < 0.2) {
      response.write(lines.slice(0, Math.floor(lines.length / 2)).join(''), () => response.socket?.destroy())
      return
    }
    response.write(lines.join(''))
    this.#watch(response)
  }

  #watch(response: ServerResponse): void {
    this.#watches.add(response)
    response.on('close', () => {
      this.#watches.delete(response)
      this.#silent.delete(response)
    })
  }

  #tell(event: object): void {
    this.moments.add(this.now)
    const line = lineOf(event)
    this.#history.push({ version: this.#version, line })
    for (const watch of this.#watches) {
      if (this.#silent.has(watch)) continue
      watch.write(this.#garbles ? `${line.slice(1, -1)}\n` : line)
      if (this.mischievous && this.#random() < 0.1) watch.write(lineOf(bookmark(String(this.#version))))
    }
    this.#garbles = false
  }
}

/** The content of a collection as one text, in order of names. */
export function textOf(
  objects: Iterable<{ readonly metadata: { readonly name: string }; readonly value: number }>,
): string {
  return Array.from(objects, ({ metadata, value }) => `${metadata.name}=${value}`)
    .sort()
    .join(' ')
}
