// To which part of the gateway a function belongs in a profile: the first rule that fits. What V8 says of native code is
// its name alone; which system call is below it, the profiler does not see.

interface Rule {
  readonly part: string
  /** Of the name of a function that has no file. */
  readonly native?: RegExp
  readonly file?: RegExp
}

export const REST = 'the rest'

const RULES: readonly Rule[] = [
  {
    part: 'kernel: writes to sockets',
    native: /^(write(Latin1String|Utf8String|AsciiString|Ucs2String|Buffer|v)|writev)$/,
  },
  { part: 'kernel: writes to files', native: /^(writeString|writeBuffers|write)$/ },
  { part: 'garbage collection', native: /^\(garbage collector\)$/ },
  { part: 'native: reads, poll, HTTP parser, libuv', native: /^\((program|root)\)$/ },
  { part: 'node:http', file: /^node:(_http|http|internal\/http)/ },
  { part: 'node:net, streams, events', file: /^node:(net|stream|internal\/stream|events|internal\/net)/ },
  { part: 'timers, ticks, rest of Node', file: /^node:/ },
  {
    part: 'spans',
    file: /^src\/telemetry\/.*(span|otlp|sampler|ids|trace-context|tracing|batch)|^@opentelemetry\/|^protobufjs\//,
  },
  {
    part: 'metrics',
    file: /^src\/telemetry\/.*(metric|series|famil|exposition|histogram|counter|exemplar)|^@prometheus-io\/|^prom-client\//,
  },
  { part: 'access log', file: /^src\/telemetry\/access/ },
  { part: 'record of the exchange', file: /^src\/telemetry\// },
  { part: 'flight recorder', file: /^src\/explain\// },
  { part: 'routing', file: /^src\/(snapshot\/|decide)/ },
  { part: 'guards and plugins', file: /^src\/plugins\/|^(jose|re2js|@redis\/client)\// },
  { part: 'upstream transport', file: /^src\/proxy\/upstream\/|^undici\// },
  { part: 'proxy', file: /^src\/(proxy\/|life|gateway)/ },
  { part: 'other packages', file: /^(?!src\/|test\/)/ },
  { part: 'native: strings, buffers, regular expressions', native: /./ },
]

/** `file` is empty for what is native. */
export function partOf(name: string, file: string): string {
  const rule = RULES.find((each) => (file === '' ? each.native?.test(name) : each.file?.test(file)))
  return rule?.part ?? REST
}
