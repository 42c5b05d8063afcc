import { describe, expect, it } from 'vitest'
import { positionsOf } from './positions'

describe('positions as people type them', () => {
  it.each([
    ['3, 12、15', [3, 12, 15]],
    ['3,12;15', [3, 12, 15]],
    [' ', []],
    ['3 x 99999', [3, 0, 0]],
  ])('%s', (text, numbers) => {
    expect(positionsOf(text)).toEqual(numbers)
  })
})
