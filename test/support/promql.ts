// What a PromQL expression asks for, read by Prometheus' own grammar for editors: metrics, labels, ranges. What is no PromQL
// throws. Variables of Grafana have to be filled in before.

import { parser } from '@prometheus-io/lezer-promql'

export interface Selector {
  readonly metric: string
  readonly matchers: readonly { readonly label: string; readonly op: string; readonly value: string }[]
}

export interface Asked {
  readonly selectors: readonly Selector[]
  /** Labels that series are told apart or joined by. */
  readonly grouping: readonly string[]
  /** Labels that the expression makes itself. */
  readonly made: readonly string[]
}

/** Reads an expression; throws where it is no PromQL. */
export function readPromql(promql: string): Asked {
  const selectors: { metric: string; matchers: { label: string; op: string; value: string }[] }[] = []
  const grouping: string[] = []
  const made: string[] = []
  const texts: string[] = []
  let isReplacing = false
  parser.parse(promql).iterate({
    enter(node) {
      const text = promql.slice(node.from, node.to)
      const parent = node.node.parent?.name
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${promql}`)
      if (node.name === 'VectorSelector') selectors.push({ metric: '', matchers: [] })
      const selector = selectors.at(-1)
      if (node.name === 'Identifier' && parent === 'VectorSelector' && selector) selector.metric = text
      if (node.name === 'LabelName' && parent === 'GroupingLabels') grouping.push(text)
      if (node.name === 'LabelName' && parent === 'UnquotedLabelMatcher') {
        selector?.matchers.push({ label: text, op: '', value: '' })
      }
      const matcher = selector?.matchers.at(-1)
      if (node.name === 'MatchOp' && matcher) matcher.op = text
      if (node.name === 'StringLiteral' && parent === 'UnquotedLabelMatcher' && matcher) {
        matcher.value = JSON.parse(text) as string
      }
      if (node.name === 'LabelReplace') isReplacing = true
      if (node.name === 'StringLiteral' && isReplacing && parent === 'FunctionCallBody') {
        texts.push(JSON.parse(text) as string)
      }
    },
  })
  // label_replace(v, made, replacement, read, regex)
  for (let at = 0; at + 3 < texts.length; at += 4) {
    made.push(texts[at] ?? '')
    grouping.push(texts[at + 2] ?? '')
  }
  return { selectors, grouping, made }
}

/** The contents of all brackets: ranges of selectors, and ranges and steps of subqueries. */
export function rangesOf(promql: string): string[] {
  return [...promql.matchAll(/\[([^\]]*)\]/g)].map(([, range = '']) => range)
}
