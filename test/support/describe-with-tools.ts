// A group of tests that needs real programs. Where one is missing the group is skipped loudly, or, with
// KANALI_REQUIRE_TOOLS=1, fails with the reason. For a single test, see requireTool in test/tools/find.ts.

import { describe, test } from 'vitest'
import { findTool, toolsAreRequired } from '../tools/find.ts'

/** Defines the group with the paths of the named programs, in the order of the names. */
export function describeWithTools(
  names: readonly string[],
  title: string,
  body: (...paths: string[]) => void,
): void {
  const tools = names.map((name) => findTool(name))
  const missing = tools.flatMap((tool) => ('missing' in tool ? [tool.missing] : []))
  if (missing.length === 0) {
    describe(title, () => body(...tools.flatMap((tool) => ('path' in tool ? [tool.path] : []))))
    return
  }
  const reason = missing.join('; ')
  describe(title, () => {
    test(`finds ${names.join(', ')}`, (context) => {
      if (toolsAreRequired()) throw new Error(`KANALI_REQUIRE_TOOLS=1, but ${reason}`)
      process.stderr.write(`SKIPPED: ${title}: ${reason}\n`)
      context.skip(reason)
    })
  })
}
