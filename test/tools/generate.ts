// Writes every committed file that is derived from a table of the source; `--check` writes nothing and exits with 1
// where one of them is missing or stale. Add a row for each further file.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crdDocument } from '../../src/cli/crds.ts'
import { configurationPage } from '../../src/config/document.ts'
import { DEFAULT_OPTIONS } from '../../src/config/options.ts'
import { stringify } from 'yaml'
import { alertmanagerFile } from '../../dashboards/alerts/alertmanager.ts'
import { alertsPage } from '../../dashboards/alerts/document.ts'
import { BOARD_FILES } from '../../dashboards/index.ts'
import { prometheusRule, rulesFile } from '../../dashboards/alerts/rules-file.ts'
import { RUNBOOK_PAGES } from '../../dashboards/runbooks/pages.ts'
import { errorsPage } from '../../src/errors/document.ts'
import { CRDS } from '../../src/resources/crds/crds.ts'
import { telemetryPage } from './telemetry-page.ts'
import { webhookConfiguration } from '../../src/webhook/registration.ts'
import { collectorConfigMap, secondTier } from './collector-manifests.ts'

export interface GeneratedFile {
  /** Relative to the root of the project. */
  readonly file: string
  readonly render: () => string
}

const WEBHOOK_HEAD = `# Generated from src/webhook/registration.ts. cert-manager puts the authority's certificate in; without it, put the
# base64 of its PEM into clientConfig.caBundle yourself.
`

export const GENERATED_FILES: readonly GeneratedFile[] = [
  { file: 'docs/configuration.md', render: configurationPage },
  { file: 'docs/errors.md', render: () => errorsPage(DEFAULT_OPTIONS['errors.details_base']) },
  { file: 'docs/telemetry.md', render: telemetryPage },
  { file: 'otel/two-tiers/second.yaml', render: secondTier },
  { file: 'deploy/kubernetes/collector-config.yaml', render: collectorConfigMap },
  ...RUNBOOK_PAGES,
  {
    file: 'deploy/kubernetes/webhook.yaml',
    render: () =>
      `${WEBHOOK_HEAD}${stringify(
        webhookConfiguration(
          { service: { namespace: 'kanali', name: 'kanali-validator', path: '/validate' } },
          { 'cert-manager.io/inject-ca-from': 'kanali/kanali-validator' },
        ),
        { aliasDuplicateObjects: false },
      )}`,
  },
  { file: 'docs/alerts.md', render: alertsPage },
  ...BOARD_FILES,
  { file: 'dashboards/generated/kanali-rules.yaml', render: rulesFile },
  { file: 'dashboards/generated/prometheus-rule.yaml', render: prometheusRule },
  { file: 'dashboards/generated/alertmanager.yaml', render: alertmanagerFile },
  ...CRDS.map((definition) => ({
    file: `deploy/kubernetes/crds/${definition.metadata.name.split('.')[0]}.yaml`,
    render: () =>
      `# Generated from src/resources/crds; kanali crds prints it too.\n${crdDocument(definition)}`,
  })),
]

/** Those of the files whose content under `root` is not what their table renders to. */
export function staleFiles(
  root: string,
  files: readonly GeneratedFile[] = GENERATED_FILES,
): readonly GeneratedFile[] {
  return files.filter(({ file, render }) => contentOf(resolve(root, file)) !== render())
}

/** Writes the stale files and no others. */
export function writeStaleFiles(
  root: string,
  files: readonly GeneratedFile[] = GENERATED_FILES,
): readonly GeneratedFile[] {
  const stale = staleFiles(root, files)
  for (const { file, render } of stale) {
    const path = resolve(root, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, render())
  }
  return stale
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.main) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
  if (process.argv.includes('--check')) {
    const stale = staleFiles(root)
    for (const { file } of stale) process.stderr.write(`stale: ${file} (run node test/tools/generate.ts)\n`)
    process.exitCode = stale.length === 0 ? 0 : 1
  } else {
    for (const { file } of writeStaleFiles(root)) process.stdout.write(`wrote ${file}\n`)
  }
}
