import { describe, expect, it } from 'vitest'
import { actionOf, type Pressed } from './keys'

function press(key: string, change: Partial<Pressed> = {}): Pressed {
  const plain = { isComposing: false, ctrlKey: false, altKey: false, metaKey: false, inText: false }
  return { key, ...plain, ...change }
}

describe("the candidate's keyboard", () => {
  it('chooses options by letter and by number', () => {
    expect(actionOf(press('B'), true)).toEqual({ type: 'option', index: 1 })
    expect(actionOf(press('h'), true)).toEqual({ type: 'option', index: 7 })
    expect(actionOf(press('4'), true)).toEqual({ type: 'option', index: 3 })
  })

  it('leaves arrows, Enter, Tab and the ninth number to the browser', () => {
    for (const key of ['ArrowDown', 'ArrowLeft', 'Enter', 'Tab', '9', 'F5']) {
      expect(actionOf(press(key), true)).toBeNull()
    }
  })

  it('does nothing while an input method composes or with a modifier', () => {
    expect(actionOf(press('a', { isComposing: true }), true)).toBeNull()
    expect(actionOf(press('PageDown', { isComposing: true }), true)).toBeNull()
    expect(actionOf(press('a', { ctrlKey: true }), true)).toBeNull()
    expect(actionOf(press('m', { altKey: true }), true)).toBeNull()
  })

  it('lets single keys be typed in a text field, and paging still works there', () => {
    expect(actionOf(press('m', { inText: true }), true)).toBeNull()
    expect(actionOf(press('PageDown', { inText: true }), true)).toEqual({ type: 'next' })
  })

  it('can be turned off', () => {
    expect(actionOf(press('m'), false)).toBeNull()
    expect(actionOf(press('PageUp'), false)).toEqual({ type: 'previous' })
  })
})
