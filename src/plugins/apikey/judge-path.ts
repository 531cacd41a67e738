// Which rule of a grant decides on a target path, and what it says. The first subpath whose expression matches decides,
// else the default rule. Upstreams decode what they are sent, or `/%61dmin` would get round a rule on `/admin`: so a path
// is judged as it decodes. Where that hides a slash, upstreams differ: then it must be granted as it was sent as well.

import type { Reason } from '../../errors/catalogue.ts'
import { segmentsEscape } from '../../resources/path.ts'
import type { CompiledGrant, CompiledRule } from '../../snapshot/compile-binding.ts'

export interface PathVerdict {
  /** Of the rule that decided. */
  readonly place: string
  /** Undefined: granted. */
  readonly reason?: Extract<Reason, 'method_denied' | 'path_denied' | 'rule_expression_invalid'>
  readonly detail?: string
}

/** Longer target paths are not held against expressions. */
export const JUDGED_PATH_CHARS_MAX = 2048

export function judgePath(grant: CompiledGrant, method: string, targetPath: string): PathVerdict {
  if (grant.subpaths.length === 0) return judgeRule(grant.defaultRule, method)
  if (targetPath.length > JUDGED_PATH_CHARS_MAX) {
    const detail = `the target path has more than ${JUDGED_PATH_CHARS_MAX} characters, so that no rule for subpaths is held against it`
    return { place: 'subpaths', reason: 'path_denied', detail }
  }
  if (!targetPath.includes('%')) return judgeForm(grant, method, targetPath)
  const decoded = decode(targetPath).replaceAll(/\/{2,}/g, '/')
  if (segmentsEscape(decoded)) {
    return {
      place: 'subpaths',
      reason: 'path_denied',
      detail: 'the target path decodes to one with dot segments',
    }
  }
  const judged = judgeForm(grant, method, decoded)
  if (judged.reason !== undefined || !HIDES_A_SLASH.test(targetPath)) return judged
  return judgeForm(grant, method, targetPath)
}

/** Of both kinds: some servers take a backslash for a slash. */
const HIDES_A_SLASH = /%(?:2f|5c)/i

function judgeForm({ subpaths, defaultRule }: CompiledGrant, method: string, path: string): PathVerdict {
  for (const { pattern, rule } of subpaths) {
    if (pattern === undefined) {
      const detail = 'its expression does not compile, and nobody can tell whether this path was meant'
      return { place: rule.place, reason: 'rule_expression_invalid', detail }
    }
    if (pattern.matches(path)) return judgeRule(rule, method)
  }
  return judgeRule(defaultRule, method)
}

function judgeRule({ place, global, verbs }: CompiledRule, method: string): PathVerdict {
  if (global || verbs.has(method)) return { place }
  if (verbs.size === 0) return { place, reason: 'path_denied', detail: 'it grants no method there' }
  return { place, reason: 'method_denied', detail: `it grants ${[...verbs].join(', ')}, not this method` }
}

/** Percent-encoding undone once (RFC 3986 section 2.4); what is no UTF-8 is read as Latin-1. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) =>
      String.fromCharCode(parseInt(digits, 16)),
    )
  }
}
