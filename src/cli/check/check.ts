// What `kanali check` does. Findings go to standard output, why there are none to be had to standard error.

import { loadOptions } from '../../config/load.ts'
import { checkManifests, type Checked } from '../../explain/check-manifests.ts'
import { findingLine } from '../../explain/finding.ts'
import { isKind, KINDS } from '../../resources/resource.ts'
import { lineText } from '../../telemetry/visible-text.ts'
import { counted, type Fates, fatesOf, fatesText } from './fates.ts'

export interface CheckFlags {
  readonly assume: readonly string[]
  readonly against?: string
  readonly old?: string
  readonly strict?: boolean
  readonly output: string
}

/** @returns the exit status */
export async function check(folder: string, flags: CheckFlags): Promise<number> {
  const { assume, strict, output, against, old } = flags
  if (output !== 'text' && output !== 'json') return refuse('--output is text or json', 2)
  if ((against === undefined) !== (old === undefined)) return refuse('--against and --old go together', 2)
  const unknown = assume.find((kind) => !isKind(kind))
  if (unknown !== undefined) return refuse(`--assume ${unknown}: there are ${KINDS.join(', ')}`, 2)
  const loaded = loadOptions({ argv: [], env: process.env })
  if ('problem' in loaded) return refuse(loaded.problem, 2)
  const options = { options: loaded.options, assumed: new Set(assume.filter((kind) => isKind(kind))) }
  const checked = await checkManifests(folder, options)
  if ('problem' in checked) return refuse(`${folder}: ${checked.problem}`, 3)
  const asked = against !== undefined && old !== undefined ? { against, old } : undefined
  const fates = asked === undefined ? undefined : await fatesOf(checked, asked, options)
  if (fates !== undefined && 'problem' in fates) return refuse(fates.problem, 3)
  process.stdout.write(output === 'json' ? jsonText(checked, fates) : text(checked, fates))
  const { errors, warnings } = countsOf(checked)
  const breaks = fates?.changes.some((change) => change.breaks) === true
  return errors > 0 || breaks || (strict === true && warnings > 0) ? 1 : 0
}

function jsonText({ findings }: Checked, fates: Fates | undefined): string {
  return `${JSON.stringify(fates === undefined ? { findings } : { findings, replayed: fates }, undefined, 2)}\n`
}

function text(checked: Checked, fates: Fates | undefined): string {
  const { errors, warnings } = countsOf(checked)
  const lines = checked.findings.map((finding) => `${lineText(findingLine(finding))}\n`).join('')
  const of = `${counted(checked.objects, 'object')} in ${counted(checked.files, 'file')}`
  const sums = `${of}: ${counted(errors, 'error')}, ${counted(warnings, 'warning')}\n`
  return lines + sums + (fates === undefined ? '' : fatesText(fates))
}

function countsOf({ findings }: Checked): { readonly errors: number; readonly warnings: number } {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return { errors, warnings: findings.length - errors }
}

function refuse(why: string, status: number): number {
  process.stderr.write(`kanali: ${lineText(why)}\n`)
  return status
}
