// Opens a listening socket and says in one line, with the option's name, why one could not be opened.
// It never throws and never ends the process: the caller decides what a closed port means.

import type { Server } from 'node:net'

export interface ListenPlace {
  /** Name of the option that gave the port, for the message: `server.insecure_port`. */
  readonly option: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Address or host name to bind to, IPv6 without brackets. */
  readonly address: string
  /** The system spreads connections over all processes that listen there so (SO_REUSEPORT). */
  readonly reusePort?: boolean
}

export type Listening = { readonly port: number } | { readonly problem: string }

/**
 * Listens, and returns the port that it got, or the line that tells why not:
 * `prometheus.insecure_port 9000: address already in use (127.0.0.1:9000)`.
 */
export function listen(server: Server, place: ListenPlace): Promise<Listening> {
  return new Promise((resolve) => {
    const settle = (listening: Listening) => {
      server.off('error', refuse)
      server.off('listening', accept)
      resolve(listening)
    }
    const refuse = (error: NodeJS.ErrnoException) => settle({ problem: problemOf(place, error) })
    const accept = () => {
      const bound = server.address()
      settle({ port: bound !== null && typeof bound === 'object' ? bound.port : place.port })
    }
    server.once('error', refuse)
    server.once('listening', accept)
    try {
      server.listen({ port: place.port, host: place.address, reusePort: place.reusePort === true })
    } catch (error) {
      // A port out of range or a server that listens already is thrown, not emitted.
      refuse(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

const MEANINGS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'address is not one of this machine',
  EACCES: 'permission denied',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EAFNOSUPPORT: 'address family not supported',
  EINVAL: 'address not valid',
  ENOTSUP: 'this system cannot share a port between processes, which server.workers above 1 needs',
  ERR_SOCKET_BAD_PORT: 'port not valid',
  ERR_SERVER_ALREADY_LISTEN: 'this server listens already',
}

function problemOf(place: ListenPlace, error: NodeJS.ErrnoException): string {
  const meaning = MEANINGS[error.code ?? ''] ?? error.message
  const host = place.address.includes(':') ? `[${place.address}]` : place.address
  return `${place.option} ${place.port}: ${meaning} (${host}:${place.port})`
}
