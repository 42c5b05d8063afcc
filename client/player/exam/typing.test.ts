import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Exam } from './exam'
import { ITEMS, World } from './world'

const written = ITEMS[2]!
let world: World
let exam: Exam

function pass(ms: number): Promise<void> {
  return world.pass(exam, ms)
}

beforeEach(() => {
  vi.useFakeTimers()
  world = new World()
  exam = world.begin()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('text that is typed without a rest', () => {
  it('is stored every few seconds all the same', async () => {
    for (let at = 1; at <= 40; at += 1) {
      exam.type(written, 'x'.repeat(at))
      await pass(300)
    }
    const made = world.events.map((event) => event.client_ms)
    // 12 s of typing.
    expect(made.length).toBeGreaterThanOrEqual(3)
    expect(made.length).toBeLessThanOrEqual(4)
    await pass(1000)
    expect(world.events.at(-1)?.response).toEqual({ text: 'x'.repeat(40) })
  })

  it('is never called saved before it is', async () => {
    exam.type(written, 'x')
    await pass(1500)
    expect(exam.facts.save.value).toBe('saved')
    exam.type(written, 'xy')
    expect(exam.facts.save.value).toBe('saving')
    await pass(1500)
    expect(exam.facts.save.value).toBe('saved')
  })
})
