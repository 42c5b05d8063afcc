/** Checks every built script against Chromium 109, and fails as well when it looked at nothing. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tooNew } from './bundle.ts'

const DIST = join(import.meta.dirname, '..', 'dist')
const PROGRAMS = ['player', 'console', 'practice', 'portal']

const problems: string[] = []
let looked = 0
for (const program of PROGRAMS) {
  const scripts = globSync(`${program}/**/*.js`, { cwd: DIST })
  if (scripts.length === 0) problems.push(`${program}: no script was built`)
  for (const name of scripts) {
    looked += 1
    const found = tooNew(readFileSync(join(DIST, name), 'utf8'))
    problems.push(...found.map((line) => `${name}:${line}`))
  }
}
for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`${looked} scripts, ${problems.length} problems\n`)
process.exitCode = problems.length > 0 ? 1 : 0
