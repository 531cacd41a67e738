// The process that takes spans and throws them away, so that exporting costs a target what it costs.

import path from 'node:path'
import { freePort } from '../support/free-ports.ts'
import { RunningProcess } from '../support/running-process.ts'
import { answersAt } from './answers-at.ts'

export interface Sink {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT would be. */
  readonly url: string
  /** How many exports and bytes came, for the report. */
  said(): Promise<string>
  stop(): Promise<unknown>
}

/** Starts it behind `prefix` and waits until it answers. */
export async function startSink(prefix: readonly string[]): Promise<Sink> {
  const port = await freePort()
  const script = path.join(import.meta.dirname, 'discard-sink.ts')
  const [file, ...args] = [...prefix, process.execPath, script, String(port)]
  const running = new RunningProcess(file, args)
  try {
    await running.until(() => answersAt(port, '/'), 'the sink answers')
  } catch (error) {
    await running.stop()
    throw error
  }
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    said: async () => {
      const response = await fetch(`${url}/`)
      return `the sink took ${await response.text()}`
    },
    stop: () => running.stop(),
  }
}
