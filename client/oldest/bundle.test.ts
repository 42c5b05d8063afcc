import { describe, expect, it } from 'vitest'
import { tooNew } from './bundle.ts'

const PLANTED: [string, string][] = [
  ['a method of arrays', 'export const a = [2, 1].with(0, 1)'],
  ['a method of texts', "export const a = 'x'.isWellFormed()"],
  ['a method of promises', 'export const a = Promise.withResolvers()'],
  ['grouping', 'export const a = Object.groupBy([], String)'],
  ['a method of sets', 'export const a = new Set().isSubsetOf(new Set())'],
  ['a flag of patterns', 'export const a = /[a--b]/v'],
  ['a syntax', 'export async function f() { using a = g() }'],
  ['a global of the browser', 'export const a = new CloseWatcher()'],
  ['a way to wait', 'export const a = AbortSignal.any([])'],
  ['a way to open', 'document.body.showPopover()'],
  ['a second call of what Vue defines', 'f.toSorted(); f.toSorted()'],
]

describe('a built script', () => {
  it.each(PLANTED)('is too new for Chromium 109 with %s', (_, script) => {
    expect(tooNew(script)).not.toEqual([])
  })

  it('may use what Chromium 109 has', () => {
    const script = `
      export class A { #b = 1n; static { this.c = [1].at(-1) } has(x) { return #b in x } }
      export const d = await Promise.any([structuredClone({}), [1].findLast(Boolean)])
      export const e = 'a'.replaceAll('a', Object.hasOwn({}, 'b')) ?? new AbortController()
      e.f ||= [1].map(String).filter(Boolean)`
    expect(tooNew(script)).toEqual([])
  })
})
