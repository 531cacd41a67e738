// Standard input, output and error as kanalictl uses them. A stream that fails is a refusal, never an exception that
// nobody caught: a disk can be full, and a pipe closed from the other side.

import { Refusal, whyOf } from './refusal.ts'

/** What stands for standard input and output where a file is asked for. */
export const PIPE = '-'
/** More is read neither from a file nor from a pipe. */
export const BYTES_MAX = 64 * 1024 * 1024

/** Where what is read comes from, and where the results go. All of it rejects with a `Refusal`. */
export interface Terminal {
  /** Standard input to its end, which can be had once. */
  in(option: string): Promise<Buffer>
  /** For what may be piped on. */
  out(text: string): Promise<void>
  /** For a person. */
  say(text: string): Promise<void>
  /** `out` goes to a screen. */
  readonly isShown: boolean
  /** `say` reaches a person. */
  readonly isWatched: boolean
}

/** The streams of this process. */
export function processTerminal(): Terminal {
  let reader: string | undefined
  for (const stream of [process.stdout, process.stderr]) {
    // The callback of each write has the error too.
    stream.on('error', () => undefined)
  }
  return {
    async in(option) {
      if (reader !== undefined) throw new Refusal(`${option} -: standard input is read for ${reader} already`)
      reader = option
      return readAll(option)
    },
    out: (text) => write('standard output', process.stdout, text),
    say: (text) => write('standard error', process.stderr, text),
    isShown: process.stdout.isTTY,
    isWatched: process.stderr.isTTY,
  }
}

async function readAll(option: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.length
      if (length > BYTES_MAX) break
    }
  } catch (error) {
    throw new Refusal(`${option} -: ${whyOf(error)}`, { cause: error })
  }
  if (length > BYTES_MAX) throw new Refusal(`${option} -: it has more than ${BYTES_MAX} bytes`)
  return Buffer.concat(chunks)
}

function write(name: string, stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error) reject(new Refusal(`${name}: ${whyOf(error)}`, { cause: error }))
      else resolve()
    })
  })
}
