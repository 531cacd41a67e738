// Finds the spans of one trace in a file of the Collector's file exporter, line by line, so that its size does not matter.

import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { type ExchangeReport, reportOf } from '../../explain/exchange-report.ts'
import { factsFromSpans, type OtlpSpan, spansInLine } from '../../explain/otlp-spans.ts'
import { type Refused, refuse } from './refusal.ts'

/** A client chooses its trace id, so a trace may have any number of spans. */
const SPANS_MAX = 10_000

/** @param file a path; `-` is standard input */
export async function readTrace(file: string, traceId: string): Promise<readonly ExchangeReport[] | Refused> {
  const spans: OtlpSpan[] = []
  let unreadable = 0
  const input = file === '-' ? process.stdin : createReadStream(file)
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      // Ids stand in the file as text; most lines need no parsing.
      if (!line.toLowerCase().includes(traceId)) continue
      const found = spansInLine(line, traceId)
      if (found === undefined) unreadable += 1
      else spans.push(...found.slice(0, SPANS_MAX - spans.length))
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return refuse('unreachable', `${file} cannot be read: ${code}`)
  }
  const facts = factsFromSpans(traceId, spans)
  if (facts.length > 0) return facts.map(reportOf)
  const broken = unreadable === 0 ? '' : ` (${unreadable} lines that name it are no OTLP JSON)`
  return refuse('not found', `${file} has no exchange of trace ${traceId}${broken}`)
}
