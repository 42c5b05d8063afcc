import { describe, expect, it } from 'vitest'
import { useAct } from './load'

describe('an act', () => {
  it('is said to be done in the language of the moment, also after the language changes', async () => {
    const act = useAct()
    let words = '已保存'
    expect(
      await act.run(
        () => Promise.resolve(),
        () => words,
      ),
    ).toBe(true)
    expect(act.done?.()).toBe('已保存')
    words = 'Saved'
    expect(act.done?.()).toBe('Saved')
  })

  it('that failed is not said to be done', async () => {
    const act = useAct()
    const fault = new Error('no')
    expect(
      await act.run(
        () => Promise.reject(fault),
        () => 'Saved',
      ),
    ).toBe(false)
    expect(act.done).toBeNull()
    expect(act.error).toBe(fault)
  })
})
