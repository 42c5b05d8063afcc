import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Refused } from '@/shared/api'
import type { PaperItem } from '@/shared/contract'
import type { Exam } from './exam'
import { ITEMS, RECEIPT, World } from './world'

let world: World
let exam: Exam
let seals: ('candidate' | 'time' | null)[]

function pass(ms: number): Promise<void> {
  return world.pass(exam, ms)
}

function item(at: number): PaperItem {
  return ITEMS[at]!
}

beforeEach(() => {
  vi.useFakeTimers()
  world = new World()
  seals = []
  exam = world.begin({
    keepSeal: (by) => {
      seals.push(by)
    },
  })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('from sealed answers to a receipt', () => {
  it('seals at the deadline even offline, and submits when the network is back', async () => {
    exam.choose(item(0), 'c')
    await pass(500)
    world.isDown = true
    exam.choose(item(1), 'a')
    await pass(600_000)
    expect(exam.view.phase).toBe('sealed')
    exam.choose(item(0), 'a')
    world.isDown = false
    await pass(60_000)
    expect(exam.view.phase).toBe('submitted')
    expect(world.events.map((event) => event.item_id)).toEqual(['i1', 'i2'])
    expect(world.submissions.map((one) => one.last_seq)).toEqual([2])
  })

  it('sends again what the server says it lacks, then submits', async () => {
    exam.choose(item(0), 'c')
    await pass(500)
    world.events = []
    world.refuseSubmit = [new Refused({ code: 'submit.behind', params: { acked_through: 0 } })]
    void exam.seal('candidate')
    await pass(30_000)
    expect(world.events).toHaveLength(1)
    expect(exam.view.receipt).toEqual(RECEIPT)
  })

  it('blames a server that stores nothing, not the network, and is handed in when it can', async () => {
    const away = (): Refused => new Refused({ code: 'storage.unavailable', kind: 'unavailable' })
    world.refuseSubmit = [away(), away()]
    world.tell({ type: 'link', up: false })
    void exam.seal('candidate')
    await pass(300)
    expect([exam.view.reachable, exam.view.isServerFull]).toEqual([true, true])
    await pass(60_000)
    expect(exam.view.phase).toBe('submitted')
    expect(exam.view.isServerFull).toBe(false)
  })

  it('opens again when it is too early to submit, and no reload submits it', async () => {
    world.refuseSubmit = [new Refused({ code: 'submit.too_early', params: { not_before_ms: 9 } })]
    void exam.seal('candidate')
    await pass(5000)
    expect(exam.view.phase).toBe('answering')
    expect(seals).toEqual(['candidate', null])
  })

  it('goes on when the time that ended here was extended while the line was cut', async () => {
    world.isDown = true
    exam.choose(item(0), 'c')
    await pass(600_000)
    expect(exam.view.phase).toBe('sealed')
    world.deadline_ms += 1_800_000
    world.isDown = false
    await pass(60_000)
    expect(world.submissions).toEqual([])
    expect(exam.view.phase).toBe('answering')
    expect(exam.facts.isOpen.value).toBe(true)
    expect(seals).toEqual(['time', null])
    expect(world.events).toHaveLength(1)
  })

  it('goes on when the time that ended here was stopped by a pause that it did not hear of', async () => {
    world.isDown = true
    await pass(600_000)
    world.stage = 'paused'
    world.isDown = false
    await pass(60_000)
    expect(world.submissions).toEqual([])
    expect(exam.view.phase).toBe('answering')
    expect(exam.view.paused_at_ms).not.toBeNull()
  })

  it('submits when the added time is over too', async () => {
    world.isDown = true
    await pass(600_000)
    world.deadline_ms += 30_000
    await pass(60_000)
    world.isDown = false
    await pass(60_000)
    expect(exam.view.phase).toBe('submitted')
  })
})
