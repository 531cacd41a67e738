// One run of load against one port: wrk where it is there, else the client of load-client.ts. Both keep 64
// connections busy with GET requests of five header fields.

import path from 'node:path'
import { runToEnd } from '../support/running-process.ts'
import { findTool } from '../tools/find.ts'

export interface LoadResult {
  readonly requests: number
  /** Answers other than 2xx, broken connections and timeouts. */
  readonly errors: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export const CONNECTIONS = 64
/** Sent to every target; only a guarded route looks at it. */
export const BENCH_KEY = 'bench0123456789bench0123456789bb'
export const REQUEST_FIELDS: readonly (readonly [string, string])[] = [
  ['accept', '*/*'],
  ['user-agent', 'kanali-bench'],
  ['x-request-id', '0123456789abcdef'],
  ['apikey', BENCH_KEY],
]

/** Which of the two it is, for the report. */
export function loadGenerator(): string {
  return 'path' in findTool('wrk') ? 'wrk' : 'the client in load-client.ts (wrk is not there)'
}

/** Sends GET requests for that many seconds. */
export async function runLoad(
  port: number,
  target: string,
  seconds: number,
  prefix: readonly string[],
): Promise<LoadResult> {
  const wrk = findTool('wrk')
  const command =
    'path' in wrk ? wrkCommand(wrk.path, port, target, seconds) : ownCommand(port, target, seconds)
  const [file = '', ...args] = [...prefix, ...command]
  const { exit, stdout, stderr } = await runToEnd(file, args, { timeoutMs: seconds * 1000 + 30_000 })
  if (exit.code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${exit.code}: ${stderr}`)
  return 'path' in wrk ? parseWrk(stdout) : (JSON.parse(stdout) as LoadResult)
}

function wrkCommand(wrk: string, port: number, target: string, seconds: number): string[] {
  const fields = REQUEST_FIELDS.flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const fixed = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', ...fields]
  return [wrk, ...fixed, `http://127.0.0.1:${port}${target}`]
}

function ownCommand(port: number, target: string, seconds: number): string[] {
  const client = path.join(import.meta.dirname, 'load-client.ts')
  return [process.execPath, client, String(port), target, String(seconds)]
}

/** The report of wrk 4. */
export function parseWrk(report: string): LoadResult {
  const total = /(\d+) requests in ([\d.]+)(m?s|m)/.exec(report)
  if (total === null) throw new Error(`wrk said: ${report}`)
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(report)
  const badStatus = /Non-2xx or 3xx responses: (\d+)/.exec(report)
  const counts = [...(socketErrors?.slice(1) ?? []), badStatus?.[1] ?? '0']
  return {
    requests: Number(total[1]),
    errors: counts.reduce((sum, count) => sum + Number(count), 0),
    seconds: milliseconds(total[2], total[3]) / 1000,
    p50Ms: percentile(report, 50),
    p99Ms: percentile(report, 99),
  }
}

function percentile(report: string, percent: number): number {
  const found = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s|m)\\s*$`, 'm').exec(report)
  return found === null ? Number.NaN : milliseconds(found[1], found[2])
}

function milliseconds(value: string | undefined, unit: string | undefined): number {
  const factor = { us: 0.001, ms: 1, s: 1000, m: 60_000 }[unit ?? 'ms'] ?? 1
  return Number(value) * factor
}
