import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { MemoryJournal } from '../answers/journal'
import { Exam } from './exam'
import { makeView } from './view'
import { ITEMS, PAPER, signer, World } from './world'

const written = ITEMS[2]!
let world: World
let exam: Exam

async function pass(ms: number): Promise<void> {
  world.now_ms += ms
  await vi.advanceTimersByTimeAsync(ms)
  exam.tick()
  await vi.advanceTimersByTimeAsync(0)
}

beforeEach(() => {
  vi.useFakeTimers()
  world = new World()
  exam = new Exam({
    view: makeView(PAPER),
    transport: world,
    journal: new MemoryJournal(),
    signer,
    now: () => world.now_ms,
    reminders_s: [],
  })
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
