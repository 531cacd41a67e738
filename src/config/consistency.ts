// The rules between options: what is allowed of each alone and not of several together.

import type { Provenance, Refusal } from './given.ts'
import type { OptionName, Options } from './options.ts'

export type Provenances = Readonly<Record<OptionName, Provenance>>

/** The first rule that the options break, or undefined. */
export function inconsistency(options: Options, provenance: Provenances): Refusal | undefined {
  return (
    withoutKeyPair('server.secure_port', options, provenance) ??
    withoutKeyPair('prometheus.secure_port', options, provenance) ??
    withoutListener(options, provenance) ??
    twoSources(options, provenance) ??
    withoutStore(options, provenance) ??
    nothingToStartFrom(options, provenance)
  )
}

function withoutKeyPair(
  name: 'server.secure_port' | 'prometheus.secure_port',
  options: Options,
  provenance: Provenances,
): Refusal | undefined {
  if (options[name] === 0) return undefined
  const missing = (['server.tls.cert_file', 'server.tls.key_file'] as const).filter(
    (file) => options[file] === undefined,
  )
  if (missing.length === 0) return undefined
  const which = `${missing.join(' and ')}, which ${missing.length === 1 ? 'is' : 'are'} not set`
  return {
    problem: `${name}: "${options[name]}" from ${provenance[name].where} needs ${which}; allowed: 0, or a port beside both files`,
  }
}

/** One live source a process: which of the two was meant cannot be guessed. */
function twoSources(options: Options, provenance: Provenances): Refusal | undefined {
  const { 'source.directory': directory, 'kubernetes.kubeconfig': kubeconfig } = options
  if (directory === undefined || kubeconfig === undefined) return undefined
  const where = `${provenance['source.directory'].where} and ${provenance['kubernetes.kubeconfig'].where}`
  return {
    problem: `source.directory and kubernetes.kubeconfig: ${JSON.stringify(directory)} and ${JSON.stringify(kubeconfig)} from ${where} are both set; allowed: one of them`,
  }
}

/** Who names a password or Sentinels means a store: it must not be passed over for want of its address. */
function withoutStore(options: Options, provenance: Provenances): Refusal | undefined {
  if (options['limits.redis_url'] !== '') return undefined
  const given = (['limits.redis_password_file', 'limits.redis_sentinels'] as const).find(
    (name) => provenance[name].source !== 'default' && (options[name]?.length ?? 0) > 0,
  )
  if (given === undefined) return undefined
  return {
    problem: `${given}: what is given by ${provenance[given].where} needs limits.redis_url, which is not set; allowed: both, or neither`,
  }
}

function nothingToStartFrom(options: Options, provenance: Provenances): Refusal | undefined {
  if (!options['events.start_from_journal'] || options['events.journal_dir'] !== undefined) return undefined
  const where = provenance['events.start_from_journal'].where
  return {
    problem: `events.start_from_journal: "true" from ${where} needs events.journal_dir, which is not set; allowed: false, or true beside a folder`,
  }
}

function withoutListener(options: Options, provenance: Provenances): Refusal | undefined {
  if (options['server.insecure_port'] !== 0 || options['server.secure_port'] !== 0) return undefined
  const where = `${provenance['server.insecure_port'].where} and ${provenance['server.secure_port'].where}`
  return {
    problem: `server.insecure_port and server.secure_port: "0" from ${where} leaves no listener; allowed: a port above 0 for at least one`,
  }
}
