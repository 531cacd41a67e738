#!/usr/bin/env node
// The program `validator`: the admission webhook.

import { keepCompiled } from './compile-cache.ts'

keepCompiled()
const { createProgram } = await import('./program.ts')
const program = createProgram({
  name: 'validator',
  description: 'The admission webhook of Kanali: refuses what a build would refuse.',
  starts:
    'runs the webhook; it takes the options of the gateway, and needs server.tls.cert_file and server.tls.key_file',
  create: async (options) => {
    const { createValidator } = await import('../validator.ts')
    return createValidator(options)
  },
})

await program.parseAsync()
