/** Checks who imports whom, and fails as well when it looked at nothing. */
import { join } from 'node:path'
import { cruiseFolders } from './cruise.ts'

const CLIENT = join(import.meta.dirname, '..')
const FOLDERS = ['shared', 'player', 'console', 'practice', 'portal']
/** Arrows that must be found: a graph without them was read wrongly. */
const SEEN = [
  ['player/', 'shared/'],
  ['console/', 'shared/'],
  ['practice/', 'player/'],
  ['practice/', 'shared/'],
  ['portal/', 'shared/'],
] as const

const graph = await cruiseFolders(CLIENT, FOLDERS)
const problems = graph.summary.violations.map(
  (broken) => `${broken.rule.name}: ${broken.from} → ${broken.to}`,
)
for (const [from, to] of SEEN) {
  const found = graph.modules
    .filter((module) => module.source.startsWith(from))
    .some((module) => module.dependencies.some((arrow) => arrow.resolved.startsWith(to)))
  if (!found) problems.push(`no import from ${from} to ${to} was seen; the check is blind`)
}
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`${String(graph.summary.totalCruised)} modules, ${problems.length} problems\n`)
process.exitCode = problems.length > 0 ? 1 : 0
