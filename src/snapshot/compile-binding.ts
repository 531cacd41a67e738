// What an ApiKeyBinding grants to each key, with its expressions compiled: once an object, whatever the number of
// ApiProxies that name it. An expression that cannot be used never grants: what it could have meant is denied.

import type { ApiKeyBinding, KeyGrant, Rule } from '../resources/resource.ts'
import { escapeText } from '../resources/problems.ts'
import { compilePattern, type RulePattern } from './rule-pattern.ts'

/** A rule for target paths that begin with what the pattern matches. */
export interface CompiledSubpath {
  /** Absent where the expression cannot be used. */
  readonly pattern?: RulePattern
  readonly rule: CompiledRule
}

export interface CompiledRule {
  /** Where it stands, for a person: `keys[0].subpaths[1]`. */
  readonly place: string
  /** Every method is granted. */
  readonly global: boolean
  /** Upper case. */
  readonly verbs: ReadonlySet<string>
}

/** What one key may do. */
export interface CompiledGrant {
  readonly subpaths: readonly CompiledSubpath[]
  readonly defaultRule: CompiledRule
  readonly rate?: NonNullable<KeyGrant['rate']>
  readonly quota?: number
}

export interface CompiledBinding {
  /** By the name of the ApiKey. */
  readonly grants: ReadonlyMap<string, CompiledGrant>
  /** Expressions that cannot be used: field, and what is wrong with it. */
  readonly faults: readonly { readonly field: string; readonly fault: string }[]
}

/** Instructions of all expressions of one key together: what one request may cost at the most. */
export const GRANT_SIZE_MAX = 4_000

/** An object is never changed, so that what it compiles to is kept with it. */
const COMPILED = new WeakMap<ApiKeyBinding, CompiledBinding>()

export function compileBinding(binding: ApiKeyBinding): CompiledBinding {
  const known = COMPILED.get(binding)
  if (known !== undefined) return known
  const faults: { field: string; fault: string }[] = []
  const grants = new Map<string, CompiledGrant>()
  binding.keys.forEach((key, index) => grants.set(key.name, compileGrant(key, `keys[${index}]`, faults)))
  const compiled = { grants, faults }
  COMPILED.set(binding, compiled)
  return compiled
}

function compileGrant(
  { subpaths, defaultRule, rate, quota }: KeyGrant,
  place: string,
  faults: { field: string; fault: string }[],
): CompiledGrant {
  let size = 0
  const compiled = subpaths.map(({ path, rule }, index): CompiledSubpath => {
    const at = `${place}.subpaths[${index}]`
    const pattern = compilePattern(path)
    let fault = 'problem' in pattern ? pattern.problem : undefined
    if (!('problem' in pattern)) {
      size += pattern.size
      if (size > GRANT_SIZE_MAX)
        fault = `is one too many: all expressions of a key together may have ${GRANT_SIZE_MAX} instructions`
    }
    if (fault !== undefined)
      faults.push({ field: `spec.${at}.path`, fault: `"${escapeText(path)}" ${fault}` })
    return {
      rule: compileRule(rule, at),
      ...(fault === undefined && !('problem' in pattern) && { pattern }),
    }
  })
  return {
    subpaths: compiled,
    defaultRule: compileRule(defaultRule ?? NO_ACCESS, `${place}.defaultRule`),
    ...(rate !== undefined && { rate }),
    ...(quota !== undefined && { quota }),
  }
}

const NO_ACCESS: Rule = { global: false, verbs: [] }

function compileRule({ global, verbs }: Rule, place: string): CompiledRule {
  return { place, global, verbs: new Set(verbs) }
}
