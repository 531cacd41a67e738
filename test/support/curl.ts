// curl as a client that no one here wrote. It reads no configuration of the user and uses no proxy.

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { runToEnd } from './running-process.ts'
import { tempFolder } from './temp-folder.ts'

export interface CurlAnswer {
  /** curl's own exit status: 0, or why it failed (7 refused, 18 cut short, 28 timeout, 52 no answer, ...). */
  readonly exitCode: number
  /** 0 where no answer came. */
  readonly status: number
  /** Of the last answer, in order, names as sent. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** First value of that field, or undefined. */
  header(name: string): string | undefined
  readonly body: Buffer
  readonly text: string
  /** What curl said on standard error. */
  readonly stderr: string
}

/** Runs curl (see requireTool) with these arguments, such as `['-X', 'POST', '-d', 'x', url]`. */
export async function curl(
  binary: string,
  args: readonly string[],
  { timeoutMs = 30_000 }: { timeoutMs?: number } = {},
): Promise<CurlAnswer> {
  await using folder = await tempFolder('curl')
  const bodyFile = path.join(folder.path, 'body')
  const headFile = path.join(folder.path, 'head')
  const fixed = ['--disable', '--silent', '--show-error', '--noproxy', '*', '-o', bodyFile, '-D', headFile]
  const { exit, stderr } = await runToEnd(binary, [...fixed, ...args], { timeoutMs })
  const body = await readFile(bodyFile).catch(() => Buffer.alloc(0))
  const heads = (await readFile(headFile, 'latin1').catch(() => '')).split('\r\n\r\n')
  const [statusLine = '', ...lines] = (heads.at(-2) ?? '').split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  return {
    exitCode: exit.code ?? -1,
    status: Number(statusLine.split(' ')[1] ?? 0),
    headers,
    header: (name) => headers.find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1],
    body,
    text: body.toString('utf8'),
    stderr,
  }
}
