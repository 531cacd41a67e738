// A picture of a page, by Chromium without a window and without a network.

import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { runToEnd } from '../../support/running-process.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { withPalette } from './palette-png.ts'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--proxy-server=127.0.0.1:9',
]

/** Writes `file`, in a palette; throws with Chromium's words where it wrote none. */
export async function screenshot(
  chromium: string,
  html: string,
  { width, height, file }: { readonly width: number; readonly height: number; readonly file: string },
): Promise<void> {
  await using folder = await tempFolder('screenshot')
  const page = await folder.write('page.html', html)
  const taken = path.join(folder.path, 'page.png')
  const { exit, stderr } = await runToEnd(
    chromium,
    [
      ...FLAGS,
      `--user-data-dir=${path.join(folder.path, 'profile')}`,
      `--window-size=${width},${height}`,
      `--screenshot=${taken}`,
      `file://${page}`,
    ],
    { timeoutMs: 120_000 },
  )
  if (exit.code !== 0)
    throw new Error(`Chromium ended with ${exit.code ?? exit.signal}: ${stderr.slice(-2000)}`)
  await writeFile(file, withPalette(await readFile(taken)))
}
