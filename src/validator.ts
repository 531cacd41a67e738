// The admission webhook as a program: a source, the pipeline, and an HTTPS server that answers by what is known.

import type { Server } from 'node:https'
import type { Options } from './config/options.ts'
import type { LifeStep } from './life.ts'
import { openSource } from './open-source.ts'
import type { OpenedSource } from './opened-source.ts'
import { type Pipeline, runPipeline } from './pipeline.ts'
import { assumedDecryptionKey, BUILT_IN_PLUGINS } from './plugins/built-in.ts'
import { Certificates } from './proxy/certificates.ts'
import { listen } from './proxy/listen.ts'
import { Vault } from './resources/vault.ts'
import { Current } from './snapshot/current.ts'
import { createLog, type Log } from './telemetry/log.ts'
import type { Known } from './webhook/review.ts'
import { createWebhookServer } from './webhook/server.ts'

export interface Validator {
  readonly log: Log
  /** Resolves once it listens, or with what is wrong; it answers reviews before the world is known, with a warning. */
  start(): Promise<{ readonly port: number } | { readonly problem: string }>
  drainSteps(): readonly LifeStep[]
}

export function createValidator(options: Options): Validator {
  return new ValidatorComposition(options)
}

class ValidatorComposition implements Validator {
  readonly log: Log
  readonly #options: Options
  readonly #vault = new Vault()
  readonly #current = new Current()
  #certificates: Certificates | undefined
  #source: OpenedSource | undefined
  #pipeline: Pipeline | undefined
  #server: Server | undefined

  constructor(options: Options) {
    // What it reads is the gateway's; what it writes is nothing.
    this.#options = { ...options, 'kubernetes.write_status': false, 'kubernetes.ensure_crds': false }
    this.log = createLog(options)
  }

  async start(): Promise<{ port: number } | { problem: string }> {
    const { log } = this
    const certificates = Certificates.load(this.#options, log)
    if ('problem' in certificates) return certificates
    const source = await openSource(this.#options, { vault: this.#vault, log })
    if ('problem' in source) return source
    this.#source = source
    this.#certificates = certificates
    const { cert, key } = certificates.pem()
    const server = createWebhookServer({ tls: { cert, key }, known: () => this.#known(), log })
    this.#server = server
    certificates.keepFresh((pem) => server.setSecureContext({ cert: pem.cert, key: pem.key }))
    const listening = await listen(server, {
      option: 'validator.secure_port',
      port: this.#options['validator.secure_port'],
      address: this.#options['validator.secure_bind_address'],
    })
    if ('problem' in listening) return listening
    this.#pipeline = runPipeline({
      sources: source.sources,
      initial: [
        { type: 'plugins', source: 'validator', observedAt: 0, plugins: BUILT_IN_PLUGINS },
        assumedDecryptionKey('validator'),
      ],
      options: this.#options,
      current: this.#current,
      log,
      onPublished: ({ snapshot }) => {
        // Nothing here speaks to an upstream: the bytes of Secrets are of no use.
        this.#vault.retain(new Set())
        if (snapshot.revision === 1) log.info({ counts: snapshot.counts }, 'the validator knows the world')
      },
    })
    log.info({ port: listening.port }, 'the validator listens')
    return listening
  }

  drainSteps(): readonly LifeStep[] {
    return [
      {
        name: 'stop accepting',
        run: () =>
          new Promise((resolve) => {
            this.#server?.close(() => resolve())
            this.#server?.closeIdleConnections()
            if (this.#server === undefined) resolve()
          }),
      },
      {
        name: 'stop the event path',
        run: async () => {
          this.#pipeline?.stop()
          this.#certificates?.stop()
          await this.#source?.stop()
        },
      },
    ]
  }

  #known(): Known | undefined {
    const { snapshot } = this.#current
    if (this.#pipeline === undefined || snapshot.revision === 0) return undefined
    return { state: this.#pipeline.state, snapshot, options: this.#options }
  }
}
