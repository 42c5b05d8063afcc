import { describe, expect, it } from 'vitest'
import { pageOf } from './route'

describe('the address', () => {
  it.each([
    ['', 'own'],
    ['#/', 'own'],
    ['#/receipt', 'receipt'],
    ['#/receipt?code=1', 'receipt'],
    ['#/nowhere', 'own'],
  ])('%s is %s', (hash, page) => {
    expect(pageOf(hash)).toBe(page)
  })
})
