// `kanali check`: the manifests of a folder, read and built by the functions of the live gateway, with everything that
// is wrong or may surprise, and the line it stands in. Nothing is sent, and no plugin is loaded.

import { readFile } from 'node:fs/promises'
import type { Options } from '../config/options.ts'
import { readManifestFile, type ManifestFile } from '../directory/manifest-file.ts'
import { indexObjects, type ObjectIndex } from '../directory/object-index.ts'
import { type ListedFile, SCAN_LIMITS, scanTree } from '../directory/scan.ts'
import type { Failure } from '../errors/failure.ts'
import type { PluginFact, ResourceEvent, SourceProblem } from '../events/event.ts'
import { applyAll, EMPTY_STATE } from '../events/state.ts'
import { isInvalid, type Kind, KINDS, type Resource } from '../resources/resource.ts'
import { assumedDecryptionKey, BUILT_IN_PLUGINS } from '../plugins/built-in.ts'
import { build } from '../snapshot/build.ts'
import { compileBinding } from '../snapshot/compile-binding.ts'
import { camelCase } from '../snapshot/conditions.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { byPlace, type Finding } from './finding.ts'
import { ManifestPlaces } from './manifest-places.ts'

export interface CheckOptions {
  readonly options: Options
  /** Plugins that are there; absent: all that ApiProxies name are taken to be. */
  readonly plugins?: readonly PluginFact[]
  /** References to objects of these kinds are taken to be right. */
  readonly assumed: ReadonlySet<Kind>
}

export interface Checked {
  readonly snapshot: Snapshot
  readonly files: number
  readonly objects: number
  /** Sorted by file, line and column. */
  readonly findings: readonly Finding[]
}

const SILENT = { info: () => undefined, error: () => undefined }
const ORIGIN = { source: 'directory', observedAt: 0 } as const

/** @returns a problem, one line, where the folder cannot be read */
export async function checkManifests(
  directory: string,
  { options, plugins, assumed }: CheckOptions,
): Promise<Checked | { readonly problem: string }> {
  const scan = await scanTree(directory, SCAN_LIMITS, () => undefined)
  if (scan.type === 'unreadable') return { problem: `the folder cannot be read (${scan.why})` }
  const namespace = options['source.namespace']
  const files: ManifestFile[] = []
  for (const listed of scan.files) {
    const file = await readManifestFile(listed, undefined, { namespace, log: SILENT })
    if (file !== undefined) files.push(file)
  }
  const index = indexObjects(files)
  const resources = [...index.winners.values()].map(({ resource }) => resource)
  const snapshot = build(stateOf(resources, plugins ?? pluginsNamedBy(resources)), options)
  const problems = [...scan.problems, ...files.flatMap((file) => file.problems), ...index.duplicates]
  const places = new Places(scan.files, files, index, namespace)
  const findings = await Promise.all([
    ...problems.map((problem) => places.ofProblem(problem)),
    ...resources.flatMap((resource) =>
      wrongWith(resource, snapshot, assumed).map((found) => places.of(resource, found)),
    ),
  ])
  return { snapshot, files: files.length, objects: resources.length, findings: findings.sort(byPlace) }
}

/** Everything that is there, and what only a gateway knows taken to be in order. */
function stateOf(resources: readonly Resource[], plugins: readonly PluginFact[]) {
  const listed = KINDS.map(
    (kind): ResourceEvent => ({
      type: 'listed',
      source: 'directory',
      observedAt: 0,
      kind,
      resources: resources.filter((resource) => resource.kind === kind),
    }),
  )
  return applyAll(EMPTY_STATE, [
    ...listed,
    { type: 'plugins', ...ORIGIN, plugins },
    assumedDecryptionKey(ORIGIN.source),
  ])
}

function pluginsNamedBy(resources: readonly Resource[]): PluginFact[] {
  const facts = new Map<string, PluginFact>()
  for (const fact of BUILT_IN_PLUGINS) facts.set(fact.name, fact)
  for (const resource of resources) {
    if (resource.kind !== 'ApiProxy' || isInvalid(resource)) continue
    for (const { name, version } of resource.plugins) {
      if (facts.has(name.toLowerCase())) continue
      facts.set(`${name}_${version ?? ''}`, {
        name,
        ...(version !== undefined && { version }),
        file: name,
        methods: [],
      })
    }
  }
  return [...facts.values()]
}

/** A finding before it has its place. */
interface Found {
  readonly severity: Finding['severity']
  readonly field: string
  readonly reason: string
  readonly code?: string
  readonly message: string
  /** Where it is not the object itself that it stands in. */
  readonly at?: Failure['at']
}

function wrongWith(resource: Resource, snapshot: Snapshot, assumed: ReadonlySet<Kind>): Found[] {
  if (isInvalid(resource)) {
    return resource.problems.map(({ field, value, rule }) => ({
      severity: 'error',
      field,
      reason: 'Invalid',
      message: value === '' ? rule : `"${value}" ${rule}`,
    }))
  }
  if (resource.kind === 'ApiKeyBinding') {
    return compileBinding(resource).faults.map(({ field, fault }) => ({
      severity: 'error',
      field,
      reason: 'ExpressionInvalid',
      code: '13',
      message: fault,
    }))
  }
  return resource.kind === 'ApiProxy' ? wrongWithProxy(resource, snapshot, assumed) : []
}

function wrongWithProxy({ meta }: Resource, snapshot: Snapshot, assumed: ReadonlySet<Kind>): Found[] {
  const key = `ApiProxy/${meta.namespace}/${meta.name}`
  const found: Found[] = []
  for (const { type, status, reason, message, surprises = [] } of snapshot.conditionsOf(key)) {
    if (type !== 'Accepted') continue
    if (status === 'False') found.push({ severity: 'error', field: 'spec.source', reason, message })
    for (const surprise of surprises)
      found.push({ severity: 'warning', field: 'spec.source', reason: 'Surprise', message: surprise })
  }
  for (const { fact, detail, at } of snapshot.failuresOf(key)) {
    if (assumed.has(referred(fact.reason))) continue
    found.push({
      severity: 'error',
      field: at?.field ?? '',
      reason: camelCase(fact.reason),
      code: fact.codeText,
      message: `requests would be answered with code ${fact.codeText}: ${detail}`,
      ...(at !== undefined && { at }),
    })
  }
  return found
}

/** The kind of the object that a reason is about. */
function referred(reason: string): Kind {
  if (reason.startsWith('secret_') || reason === 'ca_unparsable' || /^(key|certificate)_/.test(reason))
    return 'Secret'
  if (reason.startsWith('service_') || reason === 'no_ready_endpoint') return 'Service'
  if (reason.startsWith('binding_')) return 'ApiKeyBinding'
  return reason.startsWith('mock_') ? 'MockTarget' : 'ApiProxy'
}

class Places {
  readonly #files: ReadonlyMap<string, ListedFile>
  readonly #fileOf = new Map<string, string>()
  readonly #namespace: string
  readonly #read = new Map<string, Promise<ManifestPlaces>>()

  constructor(
    listed: readonly ListedFile[],
    files: readonly ManifestFile[],
    { winners }: ObjectIndex,
    namespace: string,
  ) {
    this.#files = new Map(listed.map((file) => [file.path, file]))
    this.#namespace = namespace
    for (const { path, objects } of files) {
      for (const object of objects) if (winners.get(object.key) === object) this.#fileOf.set(object.key, path)
    }
  }

  async of({ kind, meta }: Resource, { at, ...found }: Found): Promise<Finding> {
    const own = { kind, namespace: meta.namespace, name: meta.name }
    const elsewhere = at !== undefined && this.#fileOf.has(`${at.kind}/${at.namespace}/${at.name}`)
    const subject = elsewhere ? at : own
    const file = this.#fileOf.get(`${subject.kind}/${subject.namespace}/${subject.name}`) ?? ''
    const places = await this.#placesOf(file)
    return { file, ...places.placeOf(subject, found.field), object: own, ...found }
  }

  ofProblem({ file, reason, message }: SourceProblem): Finding {
    const [, line = '1', column = '1'] = /line (\d+), column (\d+)/.exec(message) ?? []
    const where = { line: Number(line), column: Number(column) }
    return {
      file,
      ...where,
      severity: 'error',
      field: '',
      reason,
      message: message.replace(/; none of its objects are known$/, ''),
    }
  }

  #placesOf(file: string): Promise<ManifestPlaces> {
    const known = this.#read.get(file)
    if (known !== undefined) return known
    const read = readFile(this.#files.get(file)?.realPath ?? '', 'utf8').then(
      (text) => new ManifestPlaces(text, this.#namespace),
      // It went away meanwhile: everything is at its start.
      () => new ManifestPlaces('', this.#namespace),
    )
    this.#read.set(file, read)
    return read
  }
}
