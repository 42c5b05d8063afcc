import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const CLIENT = join(import.meta.dirname, '..')
/** Where a program's words may come from besides its own folder. */
const PROGRAMS: Record<string, string[]> = {
  shared: [],
  player: ['shared'],
  console: ['shared'],
  practice: ['shared', 'player'],
  portal: ['shared'],
}

type Words = Map<string, string>

function wordsOf(folder: string, language: string): Words {
  const found: Words = new Map()
  const collect = (value: unknown, path: string): void => {
    if (typeof value === 'string') found.set(path, value)
    else {
      for (const [name, part] of Object.entries(value as Record<string, unknown>)) {
        collect(part, path === '' ? name : `${path}.${name}`)
      }
    }
  }
  const locale = join(CLIENT, folder, 'locale')
  // One file per language, or one folder of files per language.
  const single = join(locale, `${language}.json`)
  const files = existsSync(single)
    ? [single]
    : readdirSync(join(locale, language)).map((name) => join(locale, language, name))
  for (const file of files) collect(JSON.parse(readFileSync(file, 'utf8')), '')
  return found
}

function sourcesOf(folder: string): string {
  const texts: string[] = []
  const walk = (path: string): void => {
    for (const name of readdirSync(path)) {
      const inside = join(path, name)
      if (statSync(inside).isDirectory()) walk(inside)
      else if (/\.(vue|ts)$/.test(name) && !name.endsWith('.test.ts')) {
        texts.push(readFileSync(inside, 'utf8'))
      }
    }
  }
  walk(join(CLIENT, folder))
  return texts.join('\n')
}

const namesIn = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort()

describe.each(Object.keys(PROGRAMS))('the words of %s', (program) => {
  const zh = wordsOf(program, 'zh')
  const en = wordsOf(program, 'en')
  const source = sourcesOf(program)

  it('exist in both languages', () => {
    expect(zh.size).toBeGreaterThan(0)
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort())
  })

  it('are not empty and take the same parameters', () => {
    for (const [key, text] of zh) {
      expect(text.trim(), key).not.toBe('')
      expect(namesIn(en.get(key) ?? ''), key).toEqual(namesIn(text))
    }
  })

  it('are there for every fixed key in the code', () => {
    const known = new Set(
      [program, ...(PROGRAMS[program] ?? [])].flatMap((one) => [...wordsOf(one, 'zh').keys()]),
    )
    const used = [...source.matchAll(/(?<![\w.])(?:t|say)\(\s*'([\w.]+)'/g)].map(
      ([, key]) => key ?? '',
    )
    expect(used.length).toBeGreaterThan(0)
    expect(used.filter((key) => !known.has(key))).toEqual([])
  })

  it('accuse nobody and do not shout', () => {
    for (const [key, text] of [...zh, ...en]) {
      expect(text, key).not.toMatch(/作弊|非法|cheat|illegal|[!!]/i)
    }
  })
})

describe.each(['shared', 'player', 'practice', 'portal'])('no words of %s', (program) => {
  it('lie unused', () => {
    const source = Object.keys(PROGRAMS).map(sourcesOf).join('\n')
    const prefixes = [...source.matchAll(/`([\w.]+\.)\$\{/g)].map(([, prefix]) => prefix ?? '')
    const unused = [...wordsOf(program, 'zh').keys()].filter(
      (key) => !source.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix)),
    )
    expect(unused).toEqual([])
  })
})
