#!/usr/bin/env node
// The program `kanali`: the gateway, and what belongs to it.

import { keepCompiled } from './compile-cache.ts'

keepCompiled()
const { runKanali } = await import('./commands.ts')
await runKanali()
