import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMark, marksUpTo, typed } from './steps'

describe('marks in halves', () => {
  it('reach the full mark and no further', () => {
    expect(marksUpTo('2')).toEqual(['0', '0.5', '1', '1.5', '2'])
    expect(marksUpTo('1.5').at(-1)).toBe('1.5')
  })

  it('are typed key by key', () => {
    const keys = ['1', '.', '5']
    expect(keys.reduce((text, key) => typed(text, key, '5'), '')).toBe('1.5')
    expect(typed('1', '0', '10')).toBe('10')
  })

  it('start anew with a key that cannot go on', () => {
    expect(typed('5', '3', '5')).toBe('3')
    expect(typed('3', '9', '5')).toBe('3')
  })

  it('never leave a typed text that no mark begins with', () => {
    const keys = fc.array(fc.stringMatching(/^[0-9.]$/))
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 30 }), (pressed, full) => {
        const text = pressed.reduce((before, key) => typed(before, key, String(full)), '')
        return text === '' || marksUpTo(String(full)).some((mark) => mark.startsWith(text))
      }),
    )
  })

  it('count only when complete', () => {
    expect(isMark('1.', '5')).toBe(false)
    expect(isMark('5.5', '5')).toBe(false)
    expect(isMark('0', '5')).toBe(true)
  })
})
