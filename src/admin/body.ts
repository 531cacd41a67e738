// Takes in the content of one admin request, up to a limit.
// It never keeps more than that, and never reads on for long only to be polite.

import type { IncomingMessage } from 'node:http'

export const BODY_BYTES_MAX = 64 * 1024

/** Read and thrown away behind the limit, so that a client that writes first still gets to see its 413. */
const DRAIN_BYTES_MAX = 1024 * 1024

/** The content, `too_large`, or `gone` where the client left before its end. */
export async function readBody(request: IncomingMessage): Promise<Buffer | 'too_large' | 'gone'> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    // Not destroyed when left early: the answer 413 still goes out on this socket.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const buffer: Buffer = chunk
      bytes += buffer.length
      if (bytes > DRAIN_BYTES_MAX) break
      if (bytes <= BODY_BYTES_MAX) chunks.push(buffer)
    }
  } catch {
    return 'gone'
  }
  return bytes > BODY_BYTES_MAX ? 'too_large' : Buffer.concat(chunks)
}

/** True where a request announces content (RFC 9112 section 6). */
export function announcesBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}
