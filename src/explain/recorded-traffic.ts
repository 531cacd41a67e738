// Requests that were recorded: lines of the access log, or what `/debug/exchanges` answers. Equal requests are counted
// together; of what is beyond a bound only the number is kept.

import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'

export interface RecordedRequest {
  readonly method: string
  readonly host: string
  /** Raw, without query. */
  readonly path: string
}

export interface RecordedTraffic {
  /** Distinct requests with how many there were. */
  readonly requests: ReadonlyMap<string, { readonly request: RecordedRequest; readonly count: number }>
  /** Requests that were too many to tell apart. */
  readonly beyond: number
  /** Lines that hold no request. */
  readonly unread: number
}

/** Distinct requests. */
export const REQUESTS_MAX = 200_000

/** Reads to the end. Rejects where the input cannot be read. */
export async function readTraffic(input: Readable, most = REQUESTS_MAX): Promise<RecordedTraffic> {
  const requests = new Map<string, { request: RecordedRequest; count: number }>()
  let beyond = 0
  let unread = 0
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    const found = requestsIn(line)
    if (found.length === 0) unread += 1
    for (const request of found) {
      const key = `${request.method} ${request.host} ${request.path}`
      const known = requests.get(key)
      if (known !== undefined) known.count += 1
      else if (requests.size < most) requests.set(key, { request, count: 1 })
      else beyond += 1
    }
  }
  return { requests, beyond, unread }
}

/** A line of the access log is one request; a page of the recorder, on one line, has a list of them. */
function requestsIn(line: string): readonly RecordedRequest[] {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return []
  }
  const exchanges = field(value, 'exchanges')
  if (Array.isArray(exchanges)) return exchanges.flatMap((each) => requestOf(each) ?? [])
  const request = requestOf(value)
  return request === undefined ? [] : [request]
}

function requestOf(value: unknown): RecordedRequest | undefined {
  const nested = field(value, 'request')
  const from = typeof nested === 'object' && nested !== null ? nested : value
  const [method, host, path] = ['method', 'host', 'path'].map((name) => field(from, name))
  if (typeof method !== 'string' || typeof host !== 'string' || typeof path !== 'string') return undefined
  return path.startsWith('/') ? { method, host, path } : undefined
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined
}
