import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Moment } from '../contract/replay'
import { around, following, lanesOf, moved, nearest, preceding, share } from './timeline'

const moment = (at_ms: number, seq = at_ms): Moment => ({
  seq,
  at_ms,
  client_ms: null,
  kind: 'answer_set',
  group: 'answer',
  number: 1,
})
const span = { from_ms: 100, to_ms: 900_000 }
const MOMENTS = [100, 200, 200, 5_000, 900_000].map((at, seq) => moment(at, seq))

describe('the keys of the time line', () => {
  it('go from event to event', () => {
    expect(moved('ArrowRight', span, MOMENTS, 100)).toBe(200)
    expect(moved('ArrowRight', span, MOMENTS, 200)).toBe(5_000)
    expect(moved('ArrowLeft', span, MOMENTS, 200)).toBe(100)
    expect(moved('ArrowLeft', span, MOMENTS, 100)).toBe(100)
    expect(moved('ArrowRight', span, MOMENTS, 900_000)).toBe(900_000)
  })

  it('go by minutes and to both ends', () => {
    expect(moved('PageDown', span, MOMENTS, 5_000)).toBe(65_000)
    expect(moved('PageUp', span, MOMENTS, 5_000)).toBe(100)
    expect(moved('Home', span, MOMENTS, 5_000)).toBe(100)
    expect(moved('End', span, MOMENTS, 5_000)).toBe(900_000)
    expect(moved('x', span, MOMENTS, 5_000)).toBeNull()
  })

  it('visit every instant once from the beginning to the end', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1 }), (times) => {
        const sorted = [...times].sort((one, other) => one - other)
        const moments = sorted.map((at, seq) => moment(at, seq))
        const whole = { from_ms: sorted[0]!, to_ms: sorted.at(-1)! }
        const seen = [whole.from_ms]
        while (seen.at(-1)! < whole.to_ms) seen.push(following(whole, moments, seen.at(-1)!))
        expect(seen).toEqual([...new Set(sorted)])
        const back = [whole.to_ms]
        while (back.at(-1)! > whole.from_ms) back.push(preceding(whole, moments, back.at(-1)!))
        expect(back.reverse()).toEqual(seen)
      }),
    )
  })
})

describe('the time line', () => {
  it('puts a moment where it lies', () => {
    expect(share({ from_ms: 0, to_ms: 200 }, 50)).toBe(0.25)
    expect(share({ from_ms: 0, to_ms: 200 }, 500)).toBe(1)
    expect(share({ from_ms: 7, to_ms: 7 }, 7)).toBe(1)
  })

  it('shows the events around and only lanes that are used', () => {
    expect(around(MOMENTS, 200, 2).map((one) => one.seq)).toEqual([1, 2, 3, 4])
    expect(around(MOMENTS, 900_000, 2).map((one) => one.seq)).toEqual([3, 4])
    expect(lanesOf(MOMENTS)).toEqual(['answer'])
  })

  it('finds the newest picture taken by then', () => {
    const pictures = [{ taken_at_ms: 10 }, { taken_at_ms: 20 }]
    expect(nearest(pictures, 9)).toBeNull()
    expect(nearest(pictures, 15)).toEqual({ taken_at_ms: 10 })
    expect(nearest(pictures, 20)).toEqual({ taken_at_ms: 20 })
  })
})
