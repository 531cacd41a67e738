#!/usr/bin/env node
// The program `kanalictl`: api keys and the RSA pair that they are encrypted with.

import { keepCompiled } from './compile-cache.ts'

keepCompiled()
const { runKanalictl } = await import('./kanalictl/commands.ts')
const { processTerminal } = await import('./kanalictl/terminal.ts')
process.exitCode = await runKanalictl(process.argv.slice(2), processTerminal())
