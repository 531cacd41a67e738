// Reads the runbooks as they are committed: each command in a fence of `sh`, the section that it stands in, and what the
// page says about its output and its exit status. What has another form is an error, so that no command goes unseen.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const RUNBOOK_FOLDER = path.join(import.meta.dirname, '../../../docs/runbooks')

export interface PageCommand {
  /** File name, such as `code-08.md`. */
  readonly page: string
  /** `first`, `change`, or the reason of the section. */
  readonly section: string
  readonly line: number
  readonly command: string
  readonly shows: readonly string[]
  readonly exit: number
}

/** The names of all pages but the index, sorted. */
export function runbookPages(): string[] {
  return readdirSync(RUNBOOK_FOLDER)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
}

export function pageText(page: string): string {
  return readFileSync(path.join(RUNBOOK_FOLDER, page), 'utf8')
}

/** Every command of a page, in order. Throws where a fence is not followed by what it shows or how it ends. */
export function commandsOf(page: string): PageCommand[] {
  const lines = pageText(page).split('\n')
  const found: PageCommand[] = []
  let section = ''
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    section = sectionAt(line) ?? section
    if (line !== '```sh') continue
    const end = lines.indexOf('```', at + 1)
    const says = lines[end + 2] ?? ''
    const signs = readSigns(says)
    if (end < 0 || lines[end + 1] !== '' || signs === undefined) {
      throw new Error(`${page}:${at + 1}: a command without what it shows or how it ends: ${says}`)
    }
    found.push({ page, section, line: at + 1, command: lines.slice(at + 1, end).join('\n'), ...signs })
  }
  return found
}

/** True where a command needs a cluster. */
export function needsCluster({ command }: PageCommand): boolean {
  return /\bkubectl\b/.test(command)
}

function sectionAt(line: string): string | undefined {
  if (line === '## First three commands') return 'first'
  if (line === '## Which change was it') return 'change'
  return /^### `(\w+)`$/.exec(line)?.[1] ?? (line.startsWith('## ') ? '' : undefined)
}

/** `Shows \`a\`, \`b\`. Ends with status 1.`, each of the two sentences optional, but not both missing. */
function readSigns(line: string): Pick<PageCommand, 'shows' | 'exit'> | undefined {
  const found = /^(?:Shows (`.+?`(?:, `.+?`)*)\.)?(?: ?Ends with status (\d+)\.)?$/.exec(line)
  if (found === null || line === '') return undefined
  const [, shows = '', exit = '0'] = found
  return { shows: [...shows.matchAll(/`(.+?)`/g)].map(([, text = '']) => text), exit: Number(exit) }
}
