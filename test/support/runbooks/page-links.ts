// Links of committed Markdown pages, and what anchors a page has. Code is no text: what stands in it is no link.

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '../../..')

export interface PageLink {
  /** The page, relative to the root of the project. */
  readonly from: string
  /** As written. */
  readonly target: string
}

/** Every link of a page that leads to a file of the project or to an anchor; addresses on the web are left out. */
export function linksOf(page: string): PageLink[] {
  const found = withoutCode(textOf(page)).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)
  return Array.from(found, ([, target = '']) => ({ from: page, target })).filter(
    ({ target }) => !/^[a-z]+:/.test(target),
  )
}

/** What is wrong with a link, or undefined. */
export function brokenLink({ from, target }: PageLink): string | undefined {
  const [file = '', anchor] = target.split('#')
  const to = file === '' ? from : path.posix.join(path.posix.dirname(from), file)
  if (!existsSync(path.join(ROOT, to))) return `${from}: ${target}: there is no ${to}`
  if (anchor === undefined || anchorsOf(to).has(anchor)) return undefined
  return `${from}: ${target}: ${to} has no #${anchor}`
}

/** True where the page has that very link. */
export function hasLink(page: string, target: string): boolean {
  return linksOf(page).some((link) => link.target === target)
}

export function textOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8')
}

/** Explicit ones, and those that headings get. */
function anchorsOf(page: string): Set<string> {
  const text = textOf(page)
  const explicit = Array.from(text.matchAll(/<a id="([^"]+)"><\/a>/g), ([, id = '']) => id)
  const headings = Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title = '']) => slugOf(title))
  return new Set([...explicit, ...headings])
}

function slugOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

/** Code spans stay within a link's text, so that `[\`a\`](b)` is one. */
function withoutCode(text: string): string {
  return text.replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, 'code')
}
