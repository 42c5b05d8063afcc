import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { cruiseFolders } from './cruise.ts'

const made: string[] = []

function plant(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'arrows-'))
  made.push(root)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

afterEach(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true })
})

const VALUE = 'export const value = 1\n'
const PLANTED: [string, string, string][] = [
  ['shared-imports-no-program', 'shared/a.ts', 'player/b.ts'],
  ['player-imports-only-shared', 'player/a.ts', 'practice/b.ts'],
  ['player-imports-only-shared', 'player/a.ts', 'console/b.ts'],
  ['console-imports-only-shared', 'console/a.ts', 'player/b.ts'],
  ['practice-imports-no-console', 'practice/a.ts', 'console/b.ts'],
  ['portal-imports-only-shared', 'portal/a.ts', 'player/b.ts'],
]

describe('the arrows between the folders', () => {
  it.each(PLANTED)('%s is broken by an import from %s to %s', async (rule, from, to) => {
    const root = plant({ [from]: `import { value } from '../${to}'\nvoid value\n`, [to]: VALUE })
    const graph = await cruiseFolders(root, [dirname(from), dirname(to)])
    expect(graph.summary.violations.map((broken) => broken.rule.name)).toContain(rule)
  })

  it('are broken by an import inside a single file component', async () => {
    const root = plant({
      'player/A.vue': `<script setup lang="ts">\nimport { value } from '../console/b'\n</script>\n<template>{{ value }}</template>\n`,
      'console/b.ts': VALUE,
    })
    const graph = await cruiseFolders(root, ['player', 'console'])
    expect(graph.summary.violations.map((broken) => broken.rule.name)).toContain(
      'player-imports-only-shared',
    )
  })

  it('allow practice to use the player', async () => {
    const root = plant({
      'practice/a.ts': `import { value } from '../player/b'\nvoid value\n`,
      'player/b.ts': VALUE,
    })
    expect((await cruiseFolders(root, ['practice', 'player'])).summary.violations).toEqual([])
  })
})
