// The command line of the bench is understood or refused as a whole.

import { expect, test } from 'vitest'
import { readSettings } from './settings.ts'

const read = (...args: string[]): ReturnType<typeof readSettings> =>
  readSettings(args, ['nginx', 'kanali', 'memory'], 'kanali')

test('everything is measured unless some is named', () => {
  expect(read()).toEqual({
    rounds: 3,
    seconds: 4,
    warmupSeconds: 2,
    routes: 10_000,
    only: ['nginx', 'kanali', 'memory'],
    format: 'plain',
    profile: false,
  })
  expect(read('--only', 'kanali,memory', '--markdown', '--rounds', '5')).toMatchObject({
    rounds: 5,
    only: ['kanali', 'memory'],
    format: 'markdown',
  })
})

test('a profile is of the gateway unless another target is named', () => {
  expect(read('--profile')).toMatchObject({ profile: true, only: ['kanali'] })
  expect(read('--profile', '--only', 'nginx')).toMatchObject({ profile: true, only: ['nginx'] })
})

test.each([['--only', 'caddy'], ['--rounds', '0'], ['--seconds', '1.5'], ['--routes', 'many'], ['--fast']])(
  'what is not understood is refused: %j %j',
  (...args) => {
    expect(read(...args)).toBeUndefined()
  },
)
