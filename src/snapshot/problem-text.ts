// What is wrong with an object, in one line. Values were escaped and cut when the object was read.

import type { InvalidResource, Problem } from '../resources/resource.ts'

const NAMED_MAX = 3

/** The first problems with field, value and rule; how many more there are. */
export function problemText(problems: InvalidResource['problems']): string {
  const named = problems.slice(0, NAMED_MAX).map(oneProblem).join('; ')
  return problems.length > NAMED_MAX ? `${named}; and ${problems.length - NAMED_MAX} more` : named
}

function oneProblem({ field, value, rule }: Problem): string {
  return [field, value === '' ? '' : `"${value}"`, rule].filter((part) => part !== '').join(' ')
}
