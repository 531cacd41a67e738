// Looks at a composed YAML document before it becomes values: keys that are there twice, keys that are no scalars,
// aliases that lead nowhere, hold themselves or expand without measure, and depth. The library's own test of keys
// compares each with each, and its bound on aliases does not see those of merge keys: both would let one file stop
// the event loop.

import { isAlias, isMap, isNode, isPair, isScalar, isSeq, type Document, type Node } from 'yaml'
import type { TextFault } from './text-fault.ts'

const YAML_DEPTH_MAX = 100
/** Nodes that the aliases of one document may stand for, all together. */
const ALIASED_NODES_MAX = 1_000_000

/** The first fault of a document that has no syntax errors; undefined where it may become values. */
export function yamlFault(document: Document.Parsed): TextFault | undefined {
  const weights: Weights = { anchors: new Map(), aliased: 0 }
  const result = weigh(document.contents, 0, weights)
  if (typeof result !== 'number') return result
  if (weights.aliased <= ALIASED_NODES_MAX) return undefined
  return { offset: document.range[0], rule: `its aliases stand for more than ${ALIASED_NODES_MAX} nodes` }
}

interface Weights {
  /** Number of nodes that an anchor stands for; undefined while inside it. */
  readonly anchors: Map<string, number | undefined>
  aliased: number
}

/** The number of nodes that a node stands for once its aliases are expanded, or the first fault in it. */
function weigh(node: unknown, depth: number, weights: Weights): number | TextFault {
  if (!isNode(node)) return 1
  if (depth > YAML_DEPTH_MAX) return faultAt(node, `nested deeper than ${YAML_DEPTH_MAX} levels`)
  if (isAlias(node)) {
    if (!weights.anchors.has(node.source)) return faultAt(node, 'the alias names no anchor before it')
    const weight = weights.anchors.get(node.source)
    if (weight === undefined) return faultAt(node, 'the alias stands inside its own anchor')
    weights.aliased += weight
    return weight
  }
  if (node.anchor !== undefined) weights.anchors.set(node.anchor, undefined)
  const weight = weighChildren(node, depth, weights)
  if (node.anchor !== undefined && typeof weight === 'number') weights.anchors.set(node.anchor, weight)
  return weight
}

function weighChildren(node: Node, depth: number, weights: Weights): number | TextFault {
  if (!isMap(node) && !isSeq(node)) return 1
  let sum = 1
  const keys = new Set<string>()
  for (const item of node.items) {
    if (isPair(item)) {
      if (!isScalar(item.key))
        return faultAt(isNode(item.key) ? item.key : node, 'a key must be a plain text')
      const key = String(item.key.value)
      if (keys.has(key)) return faultAt(item.key, 'the key is there twice')
      keys.add(key)
    }
    const weight = weigh(isPair(item) ? item.value : item, depth + 1, weights)
    if (typeof weight !== 'number') return weight
    sum += weight
  }
  return sum
}

function faultAt(node: Node, rule: string): TextFault {
  return { offset: node.range?.[0] ?? 0, rule }
}
