import { expect, it, vi } from 'vitest'
import { holdSitting } from './tab'

it('gives a sitting to one window, and to that window as often as it asks', async () => {
  expect(await holdSitting('s')).toBe(true)
  // The paper did not come, so the window enters again.
  expect(await holdSitting('s')).toBe(true)
  vi.resetModules()
  const other = await import('./tab')
  expect(await other.holdSitting('s')).toBe(false)
})
