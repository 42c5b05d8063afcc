import { describe, expect, it } from 'vitest'
import { asClock, asReceiptCode, minutesOf } from './format'

describe('a duration', () => {
  it.each([
    [0, '00:00:00'],
    [-5, '00:00:00'],
    [1, '00:00:01'],
    [59_999, '00:01:00'],
    [2_832_000, '00:47:12'],
    [36_000_000, '10:00:00'],
  ])('of %i ms shows as %s', (left_ms, text) => {
    expect(asClock(left_ms)).toBe(text)
  })

  it('in minutes is rounded up', () => {
    expect(minutesOf(60_001)).toBe(2)
  })
})

describe('a receipt code', () => {
  it('is grouped by four, hyphens or not', () => {
    expect(asReceiptCode('K7QM2F9DXW3R')).toBe('K7QM-2F9D-XW3R')
    expect(asReceiptCode('K7QM-2F9D-XW3R')).toBe('K7QM-2F9D-XW3R')
  })
})
