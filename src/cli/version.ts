// Which version this is, read from the package's own description.

import { readFileSync } from 'node:fs'

/** The package's version. */
export function version(): string {
  const description = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return description.version
}

/** What `kanali version` prints. */
export function versionText(): string {
  return `kanali ${version()} (Node ${process.versions.node}, ${process.platform} ${process.arch})\n`
}
