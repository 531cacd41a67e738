// The upstream that never accepts a connection and refuses none: a process that listens and stands still, with its
// accept queue full.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import path from 'node:path'
import { RunningProcess } from './running-process.ts'

/** A port of this machine that takes no connection and refuses none. */
export interface DeafUpstream extends AsyncDisposable {
  readonly port: number
}

/** Enough to fill the accept queue of a backlog of 1, whichever way the system rounds it. */
const FILLING_CONNECTIONS = 8
/** The system lets one more in than the backlog says. */
const ACCEPTED_BY_SYSTEM = 2

/** Starts a process that listens and then stands still, and fills its accept queue. */
export async function startDeafUpstream(): Promise<DeafUpstream> {
  const running = new RunningProcess(process.execPath, [path.join(import.meta.dirname, 'deaf-listener.ts')])
  const port = Number(
    await running.until(() => /^(\d+)\n/.exec(running.stdout)?.[1], 'the port of the listener'),
  )
  const sockets: Socket[] = []
  for (let count = 0; count < FILLING_CONNECTIONS; count++) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    sockets.push(socket)
    // The later ones stay without an answer: that is what they are for.
    if (count < ACCEPTED_BY_SYSTEM) await once(socket, 'connect')
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      // It cannot hear a SIGTERM.
      await running.stop('SIGKILL')
    },
  }
}
