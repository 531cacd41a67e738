// Reads an ApiProxy (kanali.io/v2): how a request is matched, where it goes, which plugins guard it.

import { readBackend } from './backend.ts'
import type { Fields } from './fields.ts'
import { normaliseHost } from './host.ts'
import { NO_ITEMS } from './none.ts'
import { readOptionalPath, readRequiredPath } from './path-field.ts'
import type { Reading } from './reading.ts'
import type { ApiProxy, Meta, PluginRef } from './resource.ts'
import { DNS_SUBDOMAIN, PLUGIN_WORD, type TextRule } from './text-rules.ts'

type Source = ApiProxy['source']

const VIRTUAL_HOST: TextRule = {
  says: 'must be a host name or address without port; wildcards are not supported',
  holds: (text) => normaliseHost(text) !== undefined,
}
const TRIMMED_PLUGIN_WORD: TextRule = {
  says: PLUGIN_WORD.says,
  holds: (text) => PLUGIN_WORD.holds(text.trim()),
}

export function readApiProxy(manifest: Fields, meta: Meta): Reading {
  const spec = manifest.requiredObject('spec')
  if (spec === undefined) return {}
  const source = readSource(spec)
  const target = readTarget(spec)
  const plugins = spec.objects('plugins')?.map(readPlugin) ?? NO_ITEMS
  if (source === undefined) return {}
  if (target === undefined) return { claim: source }
  return { resource: { kind: 'ApiProxy', meta, source, target, plugins }, claim: source }
}

/** Undefined where either part is broken: without its host a path would claim the requests of every host. */
function readSource(spec: Fields): Source | undefined {
  const source = spec.requiredObject('source')
  if (source === undefined) return undefined
  const path = readRequiredPath(source, 'path')
  const hostGiven = source.has('virtualHost') && source.raw('virtualHost') !== ''
  const hostText = hostGiven ? source.text('virtualHost', VIRTUAL_HOST) : undefined
  const virtualHost = hostText === undefined ? undefined : normaliseHost(hostText)
  if (path === undefined || (hostGiven && virtualHost === undefined)) return undefined
  return virtualHost === undefined ? { path } : { path, virtualHost }
}

function readTarget(spec: Fields): ApiProxy['target'] | undefined {
  const target = spec.requiredObject('target')
  if (target === undefined) return undefined
  const path = readOptionalPath(target, 'path')
  const backend = readBackend(target)
  const sslSecretName = target.object('ssl')?.requiredText('secretName', DNS_SUBDOMAIN)
  if (path === undefined || backend === undefined) return undefined
  return sslSecretName === undefined ? { path, backend } : { path, backend, sslSecretName }
}

function readPlugin(plugin: Fields): PluginRef {
  const name = plugin.requiredText('name', TRIMMED_PLUGIN_WORD)?.trim() ?? ''
  const versionGiven = plugin.has('version') && plugin.raw('version') !== ''
  const version = versionGiven ? plugin.text('version', TRIMMED_PLUGIN_WORD)?.trim() : undefined
  const config = Object.fromEntries(plugin.object('config')?.textEntries() ?? [])
  return version === undefined ? { name, config } : { name, version, config }
}
