// What is derived from the Collector configurations in otel/: the second of two tiers, and the ConfigMap that carries all
// of them on Kubernetes. Must never change a line of a configuration but its head.

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'

const ROOT = path.join(import.meta.dirname, '../..')

const SECOND_HEAD = `# Generated from ../collector.yaml: each Collector of the second of two tiers is that very one, and has whole traces since the
# first tier sends all spans of a trace to the same of them. Variables and limits: otel/README.md.
`

/** Keys of the ConfigMap, and the files of otel/ that stand there. A key cannot have a slash. */
export const CONFIG_MAP_FILES: Readonly<Record<string, string>> = {
  'collector.yaml': 'collector.yaml',
  'kubernetes.yaml': 'kubernetes.yaml',
  'first.yaml': 'two-tiers/first.yaml',
  'first-kubernetes.yaml': 'two-tiers/kubernetes.yaml',
  'second.yaml': 'two-tiers/second.yaml',
}

const CONFIG_MAP_HEAD = `# Generated from otel/: the configurations of the Collectors in collector.yaml and collector-two-tiers.yaml.
`

/** otel/two-tiers/second.yaml: otel/collector.yaml under another head. */
export function secondTier(): string {
  const text = otel('collector.yaml')
  return SECOND_HEAD + text.slice(text.indexOf('\n\n') + 1)
}

/** deploy/kubernetes/collector-config.yaml. */
export function collectorConfigMap(): string {
  const data = Object.fromEntries(
    Object.entries(CONFIG_MAP_FILES).map(([key, file]) => [
      key,
      file === 'two-tiers/second.yaml' ? secondTier() : otel(file),
    ]),
  )
  const metadata = { name: 'kanali-collector', namespace: 'kanali' }
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }
  return CONFIG_MAP_HEAD + stringify(map, { blockQuote: 'literal', lineWidth: 0 })
}

function otel(file: string): string {
  return readFileSync(path.join(ROOT, 'otel', file), 'utf8')
}
