// Loopback ports for real programs that cannot say which port they got when asked for 0. They lie below those that the
// system gives to outgoing connections, of which other tests make thousands: one of those would take a port between the
// choice and the use. Another test can still choose the same one: callers start again when theirs ends at once.

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

const FIRST = 10_000
/** Linux gives outgoing connections those from 32768 on, others from 49152 on (RFC 6335 section 6). */
const END = 32_768
const TRIES_MAX = 100

/** That many different ports of 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const held: { readonly port: number; readonly server: Server }[] = []
  for (let index = 0; index < count; index++) held.push(await holdOne())
  await Promise.all(held.map(({ server }) => new Promise((resolve) => server.close(resolve))))
  return held.map(({ port }) => port)
}

/** One such port. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  if (port === undefined) throw new Error('no port was given')
  return port
}

async function holdOne(): Promise<{ readonly port: number; readonly server: Server }> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(FIRST, END)
    const server = createServer()
    try {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
      return { port, server }
    } catch (error) {
      if (attempt === TRIES_MAX) throw error
    }
  }
}
