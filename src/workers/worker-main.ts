// What a worker process runs: takes what the primary sends, in order, and lives until it is told to drain, is signalled,
// or has no primary any more. It exits from here and from nowhere else.

import { deserialize } from 'node:v8'
import { createLife, type Life } from '../life.ts'
import { createLog } from '../telemetry/log.ts'
import type { FeedItem, ToWorker, WorkerStart } from './messages.ts'
import { PrimaryLink } from './primary-link.ts'
import { Worker } from './worker.ts'

interface Running {
  readonly worker: Worker
  readonly link: PrimaryLink
  readonly life: Life
}

/** What lines that were written last get. */
const LAST_LINES_MS = 1_000

let running: Running | undefined

process.on('message', (message: ToWorker) => {
  if (message.type === 'start') {
    running = begin(message)
    void assemble(running)
  } else if (running !== undefined) take(message, running)
})
// From here until `life` listens, nothing is there that would have to be ended in order.
process.on('disconnect', () => {
  if (running === undefined) process.exit(1)
  running.link.end()
  void running.life.stop('the primary process has gone')
})

function begin(start: WorkerStart): Running {
  process.title = `kanali worker ${start.worker}`
  const { options, terminals } = start
  const link = new PrimaryLink(process, options['plugins.jwt.fetch_timeout'])
  const log = createLog(options, { output: link.logOutput(terminals.stderr), worker: start.worker })
  log.level = start.logLevel
  const worker = new Worker(start, link, log)
  const life = createLife({
    log,
    steps: worker.drainSteps(),
    timeoutMs: drainMs(options['server.shutdown_timeout']),
    exit: (status) => exitBehind(link, status),
    onFault: () => worker.countFault(),
    process: {
      // A terminal sends it to all processes of a group: the primary tells when to end.
      on: (event, listener) => process.on(event, event === 'SIGINT' ? ignore : listener),
      off: (event, listener) => process.off(event, event === 'SIGINT' ? ignore : listener),
    },
  })
  return { worker, link, life }
}

async function assemble({ worker, link, life }: Running): Promise<void> {
  const problem = await worker.assemble()
  if (problem === undefined) {
    life.started()
    link.send({ type: 'assembled' })
    return
  }
  await link.sent({ type: 'failed', problem })
  process.exit(1)
}

function take(message: Exclude<ToWorker, WorkerStart>, { worker, link, life }: Running): void {
  switch (message.type) {
    case 'feed':
      worker.feed(deserialize(message.items) as readonly FeedItem[])
      break
    case 'serve':
      worker.serve(new Map(message.ports))
      break
    case 'takes':
      link.onTakes(message.first, message.answers)
      break
    case 'question': {
      const { id, question } = message
      void worker.answer(question).then((answer) => link.send({ type: 'answer', id, answer }))
      break
    }
    case 'answer':
      link.answered(message.id, message.answer)
      break
    case 'granted':
      worker.granted(message.what, message.amount)
      break
    case 'spare': {
      const { what, wanted } = message
      link.send({ type: 'spared', what, given: worker.spare(what, wanted) })
      break
    }
    case 'written':
      link.written(message.id, message.failed)
      break
    case 'log_level':
      worker.log.level = message.level
      break
    case 'ping':
      link.send({ type: 'pong' })
      break
    case 'drain':
      void life.stop('the primary process asks for it')
      break
  }
}

/** Not before what was written last is on its way, unless nobody takes it. */
function exitBehind(link: PrimaryLink, status: number): void {
  const exit = (): void => process.exit(status)
  setTimeout(exit, LAST_LINES_MS)
  void link.sent({ type: 'pong' }).then(exit)
}

/** A little less than the primary waits. */
function drainMs(timeoutMs: number): number {
  return Math.max(timeoutMs / 2, timeoutMs - 1_000)
}

function ignore(): void {
  // The primary is signalled too.
}
