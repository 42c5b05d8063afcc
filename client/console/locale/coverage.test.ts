import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { en, zh } from './words'

const CONSOLE = join(import.meta.dirname, '..')

interface Tree {
  [key: string]: string | Tree
}

function keysOf(tree: Tree, before = ''): string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${before}${key}`] : keysOf(value, `${before}${key}.`),
  )
}

function sources(): string {
  const files = readdirSync(CONSOLE, { recursive: true, encoding: 'utf8' })
  return files
    .filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(CONSOLE, name), 'utf8'))
    .join('\n')
}

const CODE = sources()
/** Whole keys, and the beginnings of those that end in a variable. */
const QUOTED = [...CODE.matchAll(/'([a-z_]+\.[a-z0-9_.]+)'/g)].map((found) => found[1]!)
const BEGUN = [...CODE.matchAll(/`([a-z_]+\.[a-z0-9_.]*)\$\{/g)].map((found) => found[1]!)
/** Kept values, and words a code may have of its own. */
const OPEN = new Set(['gongyuan.draw.', 'fault.code.'])
const ASKED = [...CODE.matchAll(/\bt\(\s*'([^']+)'/g)].map((found) => found[1]!)

describe('the words of the console', () => {
  it('are there in both languages', () => {
    expect(keysOf(en).sort()).toEqual(keysOf(zh).sort())
  })

  it('take the same parameters in both languages', () => {
    const params = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()
    const at = (tree: Tree, key: string): string =>
      key.split('.').reduce<Tree | string>((part, name) => (part as Tree)[name]!, tree) as string
    for (const key of keysOf(zh)) {
      expect([key, params(at(en, key))]).toEqual([key, params(at(zh, key))])
    }
  })

  it('exist for every key the code asks for', () => {
    const known = new Set(keysOf(zh))
    expect(ASKED.filter((key) => !known.has(key))).toEqual([])
    const begins = (start: string): boolean => keysOf(zh).some((key) => key.startsWith(start))
    expect(BEGUN.filter((start) => !begins(start) && !OPEN.has(start))).toEqual([])
  })

  it('have each their own file: no part of one hides a part of another', () => {
    for (const tongue of ['zh', 'en']) {
      const folder = join(CONSOLE, 'locale', tongue)
      const parts = readdirSync(folder).flatMap((name) =>
        Object.keys(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Tree),
      )
      expect(parts.filter((part, at) => parts.indexOf(part) !== at)).toEqual([])
    }
  })

  it('are all used', () => {
    const used = new Set(QUOTED.concat(ASKED))
    const reached = (key: string): boolean =>
      used.has(key) || BEGUN.some((start) => key.startsWith(start))
    expect(keysOf(zh).filter((key) => !reached(key))).toEqual([])
  })
})
