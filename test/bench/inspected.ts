// A Node process looked into from outside, by the protocol of its inspector on a loopback port: nothing has to be built
// into the program, and nothing is paid for until it is opened. Must never be opened on a process of somebody else.

import { freePort } from '../support/free-ports.ts'
import { waitUntil } from '../support/wait-until.ts'

/** Where the inspector of a process is to listen once it is woken. */
export interface InspectorPlace {
  readonly port: number
  /** For the environment of the process. */
  readonly env: { readonly NODE_OPTIONS: string }
}

export interface MemoryUsage {
  readonly heapUsed: number
  readonly external: number
  readonly arrayBuffers: number
}

export async function inspectorPlace(): Promise<InspectorPlace> {
  const port = await freePort()
  const inherited = process.env['NODE_OPTIONS'] ?? ''
  return { port, env: { NODE_OPTIONS: `${inherited} --inspect-port=127.0.0.1:${port}`.trim() } }
}

type Reply = { readonly id?: number; readonly result?: unknown; readonly error?: { message: string } }

export class Inspected implements AsyncDisposable {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const reply = JSON.parse(String(data)) as Reply
      if (reply.id === undefined) return
      this.#waiting.get(reply.id)?.(reply)
      this.#waiting.delete(reply.id)
    })
    socket.addEventListener('close', () => {
      for (const answer of this.#waiting.values()) answer({ error: { message: 'the inspector was closed' } })
      this.#waiting.clear()
    })
  }

  /** Wakes the inspector (SIGUSR1, as Node documents) and connects; a process may be opened again. */
  static async open(pid: number, port: number): Promise<Inspected> {
    process.kill(pid, 'SIGUSR1')
    const url = await waitUntil(() => debuggerUrl(port), `the inspector of process ${pid}`)
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true })
      socket.addEventListener('error', () => reject(new Error(`no connection to ${url}`)), { once: true })
    })
    return new Inspected(socket)
  }

  /** Sends a command of the protocol; throws where it is refused. */
  async send<T>(method: string, params: object = {}): Promise<T> {
    const id = ++this.#lastId
    const replied = new Promise<Reply>((resolve) => this.#waiting.set(id, resolve))
    this.#socket.send(JSON.stringify({ id, method, params }))
    const { result, error } = await replied
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result as T
  }

  /** The value of an expression in the process, as JSON carries it. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send<{
      result: { value: T }
      exceptionDetails?: { text: string; exception?: { description?: string } }
    }>('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
    if (exceptionDetails === undefined) return result.value
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
  }

  /** What is in use once everything that can go has gone. */
  async memoryAfterGc(): Promise<MemoryUsage> {
    await this.send('HeapProfiler.enable')
    // What the first collection makes unreachable (weak references, finalised handles) is gone with the second.
    await this.send('HeapProfiler.collectGarbage')
    await this.send('HeapProfiler.collectGarbage')
    return this.evaluate('process.memoryUsage()')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.addEventListener('close', resolve, { once: true }))
    this.#socket.close()
    await closed
  }
}

async function debuggerUrl(port: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`)
    const [first] = (await response.json()) as { webSocketDebuggerUrl: string }[]
    return first?.webSocketDebuggerUrl
  } catch {
    return undefined
  }
}
