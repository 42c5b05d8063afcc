import { describe, expect, it } from 'vitest'
import { ageOf, freshness, hear, serverNow } from './freshness'

describe('the age of the wall', () => {
  it('grows while nothing is heard', () => {
    const heard = hear(null, 1_000_000, 50)
    expect(ageOf(heard, 50)).toBe(0)
    expect(ageOf(heard, 4050)).toBe(4000)
  })

  it('counts the delay of a message that came late', () => {
    const prompt = hear(null, 1_000_000, 0)
    const late = hear(prompt, 1_002_000, 9000)
    expect(ageOf(late, 9000)).toBe(7000)
    expect(serverNow(late, 9000)).toBe(1_009_000)
  })

  it('is never made younger by an older message', () => {
    const newer = hear(null, 1_010_000, 10_000)
    expect(hear(newer, 1_001_000, 11_000).server_ms).toBe(1_010_000)
  })

  it.each([
    [0, 'fresh'],
    [5000, 'fresh'],
    [5001, 'amber'],
    [15_000, 'amber'],
    [15_001, 'stale'],
  ])('is judged at %i ms as %s', (age, judged) => {
    expect(freshness(age)).toBe(judged)
  })
})
