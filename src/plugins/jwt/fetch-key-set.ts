// Gets the text of a key set over HTTP, and nothing but that: no redirects, no content codings, no proxy, bounded in time
// and size, and never from an address that is forbidden. The address is chosen by an ApiProxy's owner, so it is judged
// after DNS, on the very connection that is made: that is why this is node:http and not fetch, which resolves again.

import { lookup as lookUp, type LookupAddress } from 'node:dns'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { get as getSecure } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'

const { get: getPlain } = process.getBuiltinModule('node:http')

/** Which addresses may be connected to. */
export interface AddressJudge {
  /** Why not; undefined where it may. */
  refusal(address: string, port: number): string | undefined
}

export interface FetchOptions {
  /** From name to last byte. */
  readonly timeoutMs: number
  readonly judge: AddressJudge
  /** Ends the fetch when nobody wants it any more. */
  readonly signal: AbortSignal
}

export type Fetched =
  | { readonly text: string /** From Cache-Control and Age. */; readonly freshMs: number | undefined }
  /** One line, without anything that was answered. */
  | { readonly problem: string }

const BYTES_MAX = 1_048_576
const HEADERS = {
  accept: 'application/jwk-set+json, application/json',
  'accept-encoding': 'identity',
  'user-agent': 'kanali',
}
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/** It never rejects. */
export function fetchKeySet(url: string, { timeoutMs, judge, signal }: FetchOptions): Promise<Fetched> {
  const address = new URL(url)
  const isSecure = address.protocol === 'https:'
  const port = Number(address.port) || (isSecure ? 443 : 80)
  const host = address.hostname.replaceAll(/^\[|\]$/g, '')
  const refusal = isIP(host) === 0 ? undefined : judge.refusal(host, port)
  if (refusal !== undefined) return Promise.resolve({ problem: `its address is refused: ${refusal}` })
  const options: RequestOptions = {
    headers: HEADERS,
    // A connection of its own: a kept one would not be judged again.
    agent: false,
    lookup: judgedLookup(judge, port),
    signal,
  }
  return new Promise((resolve) => {
    const settle = (fetched: Fetched): void => {
      clearTimeout(timer)
      resolve(fetched)
      request.destroy()
    }
    const fail = (error: Error): void => settle({ problem: problemOf(error) })
    const request = (isSecure ? getSecure : getPlain)(address, options, (response) => {
      // The end of a request is told before the end of its answer: from here on only the latter counts.
      request.off('close', onClose)
      response.on('error', fail).on('close', onClose)
      read(response, settle)
    })
    const onClose = (): void => fail(new Error('closed'))
    request.on('error', fail).on('close', onClose)
    const timer = setTimeout(() => settle({ problem: `it did not answer within ${timeoutMs} ms` }), timeoutMs)
  })
}

function read(response: IncomingMessage, done: (fetched: Fetched) => void): void {
  const { statusCode, headers } = response
  if (statusCode !== 200) {
    const redirects = headers.location === undefined ? '' : '; redirects are not followed'
    return done({ problem: `it answered ${statusCode}${redirects}` })
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    return done({ problem: 'its answer is compressed, which was not asked for' })
  }
  const chunks: Buffer[] = []
  let length = 0
  response.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > BYTES_MAX) done({ problem: `its answer has more than ${BYTES_MAX} bytes` })
    else chunks.push(chunk)
  })
  response.on('end', () => {
    try {
      const text = UTF8.decode(Buffer.concat(chunks))
      done({ text, freshMs: freshMs(headers['cache-control'], headers.age) })
    } catch {
      done({ problem: 'its answer is not UTF-8' })
    }
  })
}

/** RFC 9111 section 4.2; undefined where the answer does not say. */
function freshMs(cacheControl: string | undefined, age: string | undefined): number | undefined {
  if (cacheControl === undefined) return undefined
  if (/(?:^|[,\s])no-(?:store|cache)(?:$|[,\s])/i.test(cacheControl)) return 0
  const seconds = /(?:^|[,\s])max-age="?(\d{1,10})/i.exec(cacheControl)?.[1]
  if (seconds === undefined) return undefined
  const passed = /^\d{1,10}$/.test(age ?? '') ? Number(age) : 0
  return Math.max(0, Number(seconds) - passed) * 1000
}

const ADDRESS_REFUSED = 'KANALI_ADDRESS_REFUSED'

/** Refuses a name where any of its addresses is forbidden: picking one would be luck. */
function judgedLookup(judge: AddressJudge, port: number): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0)
      const refusals = addresses.map(({ address }) => judge.refusal(address, port))
      const refusal = refusals.find((each) => each !== undefined)
      if (refusal !== undefined) {
        return callback(Object.assign(new Error(refusal), { code: ADDRESS_REFUSED }), '', 0)
      }
      if (options.all === true) return callback(null, addresses)
      return callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4)
    })
  }
}

/** Node's codes are names of ours to show; its texts may hold what was answered. */
function problemOf(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  if (code === ADDRESS_REFUSED) return `its address is refused: ${error.message}`
  return `it gave no whole answer: ${code}`
}
