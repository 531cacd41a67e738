#!/usr/bin/env node
// The program `kanalictl`: api keys and the RSA pair that they are encrypted with.

import { runKanalictl } from './kanalictl/commands.ts'
import { processTerminal } from './kanalictl/terminal.ts'

process.exitCode = await runKanalictl(process.argv.slice(2), processTerminal())
