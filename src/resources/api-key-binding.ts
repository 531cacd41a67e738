// Reads an ApiKeyBinding (kanali.io/v2): what each key may do. A rule that is not there grants nothing.
// Regular expressions of subpaths are only measured here, never compiled.

import type { Fields } from './fields.ts'
import type { Reading } from './reading.ts'
import type { KeyGrant, Meta, Rule } from './resource.ts'
import { DNS_SUBDOMAIN, HTTP_TOKEN, type TextRule } from './text-rules.ts'

type Rate = NonNullable<KeyGrant['rate']>

const EXPRESSION_CHARACTERS_MAX = 1024
const NO_ACCESS: Rule = { global: false, verbs: [] }

const EXPRESSION: TextRule = {
  says: `must be a regular expression of at most ${EXPRESSION_CHARACTERS_MAX} characters`,
  holds: (text) => text.length <= EXPRESSION_CHARACTERS_MAX,
}
const UNIT: TextRule = {
  says: 'must be SECOND, MINUTE or HOUR, in any case',
  holds: (text) => isUnit(text.toUpperCase()),
}

export function readApiKeyBinding(manifest: Fields, meta: Meta): Reading {
  const items = manifest.requiredObject('spec')?.requiredObjects('keys') ?? []
  const keys = items.map(readGrant)
  const taken = new Set<string>()
  keys.forEach(({ name }, index) => {
    if (name !== '' && taken.has(name)) items[index]?.fail('name', 'must not be there twice')
    taken.add(name)
  })
  return { resource: { kind: 'ApiKeyBinding', meta, keys } }
}

function readGrant(item: Fields): KeyGrant {
  const name = item.requiredText('name', DNS_SUBDOMAIN) ?? ''
  const subpaths = (item.objects('subpaths') ?? []).map((subpath) => ({
    path: subpath.requiredText('path', EXPRESSION) ?? '',
    rule: readRule(subpath, 'rule') ?? NO_ACCESS,
  }))
  const defaultRule = readRule(item, 'defaultRule')
  const rate = readRate(item)
  const quota = item.integer('quota', 0, Number.MAX_SAFE_INTEGER)
  return {
    name,
    subpaths,
    ...(defaultRule !== undefined && { defaultRule }),
    ...(rate !== undefined && { rate }),
    ...(quota !== undefined && { quota }),
  }
}

function readRule(fields: Fields, name: string): Rule | undefined {
  const rule = fields.object(name)
  if (rule === undefined) return undefined
  const verbs = rule.object('granular')?.texts('verbs', HTTP_TOKEN) ?? []
  return {
    global: rule.flag('global') ?? false,
    verbs: [...new Set(verbs.map(({ text }) => text.toUpperCase()))],
  }
}

function readRate(item: Fields): Rate | undefined {
  const rate = item.object('rate')
  if (rate === undefined) return undefined
  const amount = rate.requiredInteger('amount', 0, Number.MAX_SAFE_INTEGER)
  const unit = rate.requiredText('unit', UNIT)?.toUpperCase()
  return amount === undefined || unit === undefined || !isUnit(unit) ? undefined : { amount, unit }
}

function isUnit(text: string): text is Rate['unit'] {
  return text === 'SECOND' || text === 'MINUTE' || text === 'HOUR'
}
