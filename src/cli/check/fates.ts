// The part of `kanali check` that replays recorded requests over the old and the new manifests, and how it is said.

import { createReadStream } from 'node:fs'
import { changedFates, type Replayed } from '../../explain/changed-fates.ts'
import { checkManifests, type Checked, type CheckOptions } from '../../explain/check-manifests.ts'
import { readTraffic, type RecordedTraffic } from '../../explain/recorded-traffic.ts'
import { lineText } from '../../telemetry/visible-text.ts'

export type Fates = Replayed & Pick<RecordedTraffic, 'beyond' | 'unread'>

/**
 * @param against a file of recorded requests; `-` is standard input
 * @param old the folder that is compared with
 * @returns a problem, one line, where either cannot be read
 */
export async function fatesOf(
  { snapshot }: Checked,
  { against, old }: { readonly against: string; readonly old: string },
  options: CheckOptions,
): Promise<Fates | { readonly problem: string }> {
  const before = await checkManifests(old, options)
  if ('problem' in before) return { problem: `${old}: ${before.problem}` }
  try {
    const traffic = await readTraffic(against === '-' ? process.stdin : createReadStream(against))
    const { beyond, unread } = traffic
    return { ...changedFates(traffic, before.snapshot, snapshot), beyond, unread }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return { problem: `${against} cannot be read (${code})` }
  }
}

export function fatesText({ requests, distinct, changes, beyond, unread }: Fates): string {
  const changed = changes.reduce((total, { count }) => total + count, 0)
  const lines = changes.map(({ from, to, breaks, count, example: { method, host, path } }) => {
    const verb = breaks ? 'breaks' : 'changes'
    return `${lineText(`${verb} ${count}: ${from} => ${to}; such as ${method} ${host}${path}`)}\n`
  })
  const sums = [
    `${counted(requests, 'recorded request')}, ${distinct} different: ${changed} would be decided otherwise`,
    ...(beyond > 0 ? [`${beyond} left out: only ${distinct} different ones are told apart`] : []),
    ...(unread > 0 ? [`${counted(unread, 'line')} without a request`] : []),
  ]
  return `\n${lines.join('')}${sums.join('; ')}\n`
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
