// Loading options in tests: what was loaded, or the one line that was refused.

import { type Loaded, type LoadInput, loadOptions } from '../../src/config/load.ts'

type Parts = Partial<Pick<LoadInput, 'argv' | 'env'>> & {
  /** Path to content; `--config` or KANALI_CONFIG has to name one. */
  readonly files?: Readonly<Record<string, string>>
}

/** What these parts load to; throws where they are refused. */
export function loaded(parts: Parts): Loaded {
  const result = load(parts)
  if ('problem' in result) throw new Error(result.problem)
  return result
}

/** The line with which these parts are refused; throws where they are taken. */
export function problemOf(parts: Parts): string {
  const result = load(parts)
  if (!('problem' in result)) throw new Error('nothing was refused')
  return result.problem
}

function load({ argv = [], env = {}, files = {} }: Parts): ReturnType<typeof loadOptions> {
  const readFile = (path: string): string => {
    const content = files[path]
    if (content === undefined) throw new Error('no such file')
    return content
  }
  return loadOptions({ argv, env, readFile })
}
