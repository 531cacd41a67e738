// Whether a span that was received is one that the registry knows: its name and kind, its attributes, events, links, and
// the resource that it came from.

import type { Attributes, ReceivedSpan } from '../received-span.ts'
import { valueProblem } from './check-value.ts'
import type { AttributeRow, Registry, SpanRow } from './registry.ts'

const SCOPE = 'kanali'
/** Of libraries, switched on by OTEL_NODE_ENABLED_INSTRUMENTATIONS: their spans are theirs. */
const INSTRUMENTATION = /^@opentelemetry\/instrumentation-/

export interface SpanCheck {
  /** Variables limit the attributes of this gateway: they may be cut or missing. */
  readonly limited: boolean
}

/** One line for each thing that is not as the registry has it. */
export function spanProblems(registry: Registry, span: ReceivedSpan, { limited }: SpanCheck): string[] {
  if (span.scope !== SCOPE) {
    return INSTRUMENTATION.test(span.scope) ? [] : [`span ${span.name}: unknown scope ${span.scope}`]
  }
  const row = registry.spans.find((each) => each.kind === span.kind && (limited || isNamed(each, span)))
  if (row === undefined) return [`${span.kind} span ${span.name}: unknown`]
  const at = `${row.id} span ${span.name}`
  return [
    ...attributeProblems(registry, row.id, span.attributes, limited).map((problem) => `${at}: ${problem}`),
    ...(limited ? [] : missing(row.always, span.attributes).map((problem) => `${at}: ${problem}`)),
    ...attributeProblems(registry, 'resource', span.resource, false).map((problem) => `resource: ${problem}`),
    ...eventProblems(registry, row, span, limited).map((problem) => `${at}: ${problem}`),
    ...linkProblems(registry, row, span).map((problem) => `${at}: ${problem}`),
  ]
}

/** The row of an attribute, also of one whose name goes on behind it. */
export function attributeRow(registry: Registry, name: string): AttributeRow | undefined {
  const exact = registry.attributes.get(name)
  if (exact !== undefined) return exact.template === undefined ? exact : undefined
  for (const row of registry.attributes.values()) {
    if (row.template !== undefined && name.startsWith(`${row.name}.`)) return row
  }
  return undefined
}

function attributeProblems(
  registry: Registry,
  on: string,
  attributes: Attributes,
  limited: boolean,
): string[] {
  return Object.entries(attributes).flatMap(([name, value]) => {
    const row = attributeRow(registry, name)
    if (row === undefined || !row.on.includes(on)) return [`unknown attribute ${name}`]
    const problem = limited ? undefined : valueProblem(row, value)
    return problem === undefined ? [] : [`attribute ${name} ${problem}`]
  })
}

function missing(always: readonly string[], attributes: Attributes): string[] {
  return always.filter((name) => !(name in attributes)).map((name) => `no attribute ${name}`)
}

function isNamed({ names }: SpanRow, { name, attributes }: ReceivedSpan): boolean {
  return names.some((template) => {
    const filled = template.replaceAll(/\{([^}]+)\}/g, (_, attribute: string) => {
      const value = attributes[attribute]
      return typeof value === 'string' ? value : '\0'
    })
    return filled === name
  })
}

function eventProblems(registry: Registry, row: SpanRow, span: ReceivedSpan, limited: boolean): string[] {
  return span.events.flatMap(({ name, attributes }) => {
    const event = registry.events.find((each) => each.name === name && each.on.includes(row.id))
    if (event === undefined) return [`unknown event ${name}`]
    const problems = [
      ...attributeProblems(registry, event.id, attributes, limited),
      ...(limited ? [] : missing(event.always, attributes)),
    ]
    return problems.map((problem) => `event ${name}: ${problem}`)
  })
}

/** Links have no names: there are no more than the registry has for such a span, and none has attributes. */
function linkProblems(registry: Registry, row: SpanRow, { links }: ReceivedSpan): string[] {
  const known = registry.links.filter(({ on }) => on.includes(row.id)).length
  return [
    ...(links.length > known ? [`${links.length} links, where the registry has ${known}`] : []),
    ...links.flatMap(({ attributes }) =>
      Object.keys(attributes).map((name) => `unknown attribute ${name} of a link`),
    ),
  ]
}
