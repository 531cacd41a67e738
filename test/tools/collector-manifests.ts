// What is derived from the Collector configurations in otel/: the second of two tiers, and the manifests that carry them
// on Kubernetes. Must never change a line of a configuration but its head.

import { readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(import.meta.dirname, '../..')

const SECOND_HEAD = `# Generated from ../collector.yaml: each Collector of the second of two tiers is that very one, and has whole traces since the
# first tier sends all spans of a trace to the same of them. Variables and limits: otel/README.md.
`

/** otel/two-tiers/second.yaml: otel/collector.yaml under another head. */
export function secondTier(): string {
  const text = otel('collector.yaml')
  return SECOND_HEAD + text.slice(text.indexOf('\n\n') + 1)
}

function otel(file: string): string {
  return readFileSync(path.join(ROOT, 'otel', file), 'utf8')
}
