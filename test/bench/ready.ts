// How long the real program takes from its start to its first right answer, on a directory of 10,000 ApiProxies with
// their Services, in one file and in many: run by `npm run bench -- --only ready`, or alone with node.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startGatewayProcess } from '../support/gateway-process.ts'
import { hostOf, sourcePathOf } from '../support/records.ts'
import { cpuNanoseconds } from './cpu-time.ts'

const ROUTES = 10_000
const ROUNDS = 3
const BODY = 'right'
/** ApiProxies a file. */
const LAYOUTS = { 'one file': ROUTES, 'files of 100': 100, 'a file each': 1 } as const
type Layout = keyof typeof LAYOUTS

interface Start {
  readonly wallMs: number
  /** CPU time of the process up to there, over all its threads. */
  readonly cpuMs: number
  readonly mebibytes: number
}

/** Prints a table to standard output: minimum and median of interleaved rounds. */
export async function benchReady(): Promise<void> {
  const upstream = createServer((_, answer) => answer.end(BODY))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const layouts = Object.keys(LAYOUTS) as Layout[]
  const starts = new Map<Layout, Start[]>(layouts.map((layout) => [layout, []]))
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const layout of layouts) starts.get(layout)?.push(await start(layout, upstream))
    }
  } finally {
    upstream.close()
  }
  say(row(['', 'wall min', 'median', 'CPU min', 'median', 'RSS']))
  for (const [layout, all] of starts) {
    const [wall, cpu] = [all.map(({ wallMs }) => wallMs), all.map(({ cpuMs }) => cpuMs)].map(sorted)
    const resident = Math.max(...all.map(({ mebibytes }) => mebibytes))
    const cells = [wall?.[0], middle(wall), cpu?.[0], middle(cpu)].map((ms) => `${ms?.toFixed(0)} ms`)
    say(row([layout, ...cells, `${resident.toFixed(0)} MiB`]))
  }
}

async function start(layout: Layout, upstream: Server): Promise<Start> {
  const { port } = upstream.address() as AddressInfo
  let spawned = 0
  await using gateway = await startGatewayProcess({
    manifests: manifestsOf(LAYOUTS[layout], port),
    flags: { 'proxy.enable_cluster_ip': true },
    env: { NODE_ENV: 'production' },
    discardAccessLog: true,
    waitUntilReady: false,
    onSpawn: () => {
      spawned = performance.now()
    },
  })
  await gateway.process.until(() => answersRight(gateway.port), 'the gateway answers', {
    timeoutMs: 120_000,
    everyMs: 5,
  })
  const wallMs = performance.now() - spawned
  const cpuMs = Number(cpuNanoseconds(gateway.process.pid)) / 1e6
  const resident = /^process_resident_memory_bytes (\S+)/m.exec(await gateway.metrics())?.[1]
  return { wallMs, cpuMs, mebibytes: Number(resident) / 1024 ** 2 }
}

/** The last route of all. */
async function answersRight(port: number): Promise<boolean> {
  const index = ROUTES - 4
  try {
    const url = `http://127.0.0.1:${port}${sourcePathOf(index)}`
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    return (await answer.text()) === BODY && answer.ok
  } catch {
    return false
  }
}

/** As a person writes them: an ApiProxy and its Service after the other, block style. */
function manifestsOf(routesPerFile: number, port: number): Record<string, string> {
  const files: Record<string, string> = {}
  for (let from = 0; from < ROUTES; from += routesPerFile) {
    const texts: string[] = []
    for (let index = from; index < from + routesPerFile; index += 1) {
      texts.push(apiProxyText(index, port), serviceText(index, port))
    }
    files[`${Math.floor(from / 1_000)}/routes-${from}.yaml`] = texts.join('---\n')
  }
  return files
}

function apiProxyText(index: number, port: number): string {
  const virtualHost = index % 4 === 0 ? '' : `\n    virtualHost: ${hostOf(index)}`
  return `apiVersion: kanali.io/v2
kind: ApiProxy
metadata:
  name: proxy-${index}
  namespace: namespace-${Math.floor(index / 100)}
spec:
  source:
    path: ${sourcePathOf(index)}${virtualHost}
  target:
    path: /
    backend:
      service:
        name: service-${index}
        port: ${port}
`
}

function serviceText(index: number, port: number): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: service-${index}
  namespace: namespace-${Math.floor(index / 100)}
  labels:
    app: service-${index}
spec:
  clusterIP: 127.0.0.1
  ports:
    - name: http
      port: ${port}
`
}

function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b)
}

function middle(values: readonly number[] | undefined): number | undefined {
  return values?.[Math.floor(values.length / 2)]
}

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(13)).join('')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) await benchReady()
