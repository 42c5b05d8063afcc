import { join } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { RULES } from './rules.ts'

const CLIENT = join(import.meta.dirname, '..')

/** The import graph of `folders` under `root`; broken rules stand in `summary.violations`. */
export async function cruiseFolders(root: string, folders: string[]): Promise<ICruiseResult> {
  const { output } = await cruise(
    folders,
    {
      baseDir: root,
      ruleSet: { forbidden: RULES },
      validate: true,
      doNotFollow: { path: 'node_modules' },
      exclude: { path: '(^|/)dist/' },
      tsPreCompilationDeps: true,
    },
    {
      alias: { '@': root },
      extensions: ['.ts', '.vue', '.json', '.js', '.mjs', '.css'],
      conditionNames: ['import', 'types', 'node', 'default'],
      exportsFields: ['exports'],
      modules: ['node_modules', join(CLIENT, 'node_modules')],
    },
  )
  if (typeof output === 'string') throw new Error('expected a graph, got a report')
  return output
}
