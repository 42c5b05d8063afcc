import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Refused } from '@/shared/api'
import type { Notice, PaperItem } from '@/shared/contract'
import type { ClientEvent } from '@/shared/sign'
import { MemoryJournal } from '../answers/journal'
import { resumed } from '../answers/resume'
import type { LiveMessage } from '../transport'
import type { Exam } from './exam'
import { ITEMS, PAPER, RECEIPT, World } from './world'

let world: World
let exam: Exam

function pass(ms: number): Promise<void> {
  return world.pass(exam, ms)
}

function item(at: number): PaperItem {
  return ITEMS[at]!
}

function notice(kind: string, params: Notice['params'] = {}): LiveMessage {
  return { type: 'notice', notice: { id: kind, kind, text: 'why', params, at_ms: world.now_ms } }
}

beforeEach(() => {
  vi.useFakeTimers()
  world = new World()
  exam = world.begin({ reminders_s: [300, 60] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('an exam', () => {
  it('keeps half a character out of a text that a length limit has cut', () => {
    exam.type(item(2), '一😀'.slice(0, 2))
    expect(exam.view.state.answers[item(2).item_id]).toEqual({ text: '一' })
    exam.type(item(2), '一😀')
    expect(exam.view.state.answers[item(2).item_id]).toEqual({ text: '一😀' })
  })

  it('says saved only after the ack', async () => {
    world.isDown = true
    exam.choose(item(0), 'b')
    await pass(400)
    expect(exam.facts.save.value).toBe('queued')
    expect(exam.view.waiting).toBe(1)
    world.isDown = false
    await pass(5000)
    expect(exam.facts.save.value).toBe('saved')
    expect(world.events.map((event) => event.response)).toEqual([{ options: ['b'] }])
  })

  it('blames a server that stores nothing, not the network, and recovers by itself', async () => {
    world.isFull = true
    exam.choose(item(0), 'b')
    await pass(6000)
    expect(exam.facts.save.value).toBe('full')
    expect(exam.view.waiting).toBe(1)
    world.isFull = false
    // The wait before the next try is drawn; it is never longer.
    await pass(31_000)
    expect(exam.facts.save.value).toBe('saved')
    expect(world.events.map((event) => event.response)).toEqual([{ options: ['b'] }])
  })

  it('asks a server that can read nothing no sooner than the wait says', async () => {
    world.isFull = true
    exam.choose(item(0), 'b')
    await pass(300)
    const hurry = vi.spyOn(exam.outbox, 'hurry')
    world.tell({ type: 'link', up: true, isAway: true })
    expect(exam.view.reachable).toBe(true)
    expect(hurry).not.toHaveBeenCalled()
    world.tell({ type: 'link', up: true })
    expect(hurry).toHaveBeenCalledOnce()
  })

  it('never says saved after an ack that is not genuine, and sends again', async () => {
    world.isForged = true
    exam.choose(item(0), 'b')
    await pass(400)
    expect(exam.facts.save.value).toBe('doubted')
    expect(exam.view.saved_at_ms).toBeNull()
    expect(exam.view.waiting).toBe(1)
    world.isForged = false
    await pass(5000)
    expect(exam.facts.save.value).toBe('saved')
  })

  it('stores text when the typing rests, once, and at every move', async () => {
    for (const text of ['一', '一二', '一二三']) exam.type(item(2), text)
    await pass(1000)
    exam.type(item(2), '一二三四')
    exam.go(0)
    await pass(1000)
    const texts = world.events.filter((event) => event.kind === 'answer_set')
    expect(texts.map((event) => event.response)).toEqual([{ text: '一二三' }, { text: '一二三四' }])
  })

  it('counts an answer as waiting while the computer is still storing it', async () => {
    vi.spyOn(MemoryJournal.prototype, 'append').mockReturnValueOnce(new Promise(() => undefined))
    exam.choose(item(0), 'a')
    await pass(6000)
    expect(exam.view.waiting).toBe(1)
    expect(exam.facts.save.value).toBe('queued')
  })

  it('does not record a choice that changes nothing', async () => {
    exam.choose(item(0), 'b')
    exam.choose(item(0), 'b')
    await pass(1000)
    expect(world.events).toHaveLength(1)
  })

  it('takes no answer while it is paused, and the clock stands still', async () => {
    world.stage = 'paused'
    world.tell(notice('paused'))
    await pass(1000)
    const left = exam.facts.left_ms.value
    exam.choose(item(0), 'a')
    world.deadline_ms += 60_000
    await pass(60_000)
    expect(exam.facts.left_ms.value).toBe(left)
    expect(world.events).toEqual([])
    world.stage = 'answering'
    world.tell(notice('resumed', { deadline_ms: world.deadline_ms }))
    await pass(1)
    exam.choose(item(0), 'a')
    await pass(1000)
    expect(world.events).toHaveLength(1)
  })

  it('moves its end and says so once when time is added', async () => {
    world.deadline_ms += 240_000
    const added = notice('extended', { extend_s: 240, deadline_ms: world.deadline_ms })
    world.tell(added)
    world.tell(added)
    await pass(1)
    expect(exam.view.deadline_ms).toBe(840_000)
    expect(exam.view.messages.map(({ kind, count }) => [kind, count])).toEqual([['extended', 4]])
  })

  it('reminds at five minutes and at one', async () => {
    await pass(1)
    await pass(300_000)
    await pass(200_000)
    await pass(50_000)
    expect(exam.view.messages.map((message) => message.count)).toEqual([5, 1])
  })

  it('takes the receipt of a sitting that the server has handed in', async () => {
    world.stage = 'submitted'
    world.receipt = { ...RECEIPT, kind: 'deadline' }
    world.tell({ type: 'state', state: await world.state() })
    await pass(5000)
    expect(exam.view.phase).toBe('submitted')
    expect(exam.view.forced).toBeNull()
  })

  it('is locked when another device answers or the sign-in has ended', () => {
    world.tell({ type: 'closed', why: 'device' })
    expect(exam.view.lock).toBe('device')
    expect(exam.facts.isOpen.value).toBe(false)
  })

  it('comes to its last page from the lock of a contradiction, too', async () => {
    vi.spyOn(world, 'sendEvents').mockRejectedValue(new Refused({ code: 'ledger.conflict' }))
    exam.choose(item(0), 'b')
    await pass(1000)
    expect([exam.view.lock, exam.view.lockCode]).toEqual(['blocked', 'ledger.conflict'])
    world.receipt = { ...RECEIPT, kind: 'deadline' }
    world.tell({ type: 'state', state: await world.state() })
    await pass(1000)
    expect([exam.view.phase, exam.outbox.waiting]).toEqual(['submitted', 1])
  })

  it('tells which event was refused for what it is', async () => {
    const kept: number[] = []
    exam = world.begin({ keepRefused: (seq) => kept.push(seq) })
    vi.spyOn(world, 'sendEvents').mockRejectedValue(new Refused({ code: 'response.shape' }))
    exam.choose(item(0), 'b')
    await pass(1000)
    expect([exam.view.lock, kept]).toEqual(['blocked', [1]])
  })

  it('is ended by staff with the reason, and keeps the receipt', async () => {
    world.stage = 'ended'
    world.receipt = { ...RECEIPT, kind: 'forced' }
    world.tell(notice('forced'))
    await pass(1)
    expect(exam.view.forced?.text).toBe('why')
    expect(exam.view.receipt?.kind).toBe('forced')
  })

  it('goes to the next unanswered item, round the end', () => {
    exam.choose(item(0), 'a')
    exam.go(2)
    exam.goUnanswered()
    expect(exam.view.current).toBe(1)
    exam.goUnanswered()
    expect(exam.view.current).toBe(2)
  })

  it('resumes with what only this computer holds', async () => {
    const mine: ClientEvent = {
      seq: 1,
      kind: 'answer_set',
      item_id: 'i1',
      response: { options: ['b'] },
      client_ms: 5,
    }
    await exam.resume(resumed(PAPER, [mine], [], 0))
    expect(exam.view.state.answers).toEqual({ i1: { options: ['b'] } })
    await pass(1000)
    expect(world.events).toEqual([mine])
    expect(exam.facts.save.value).toBe('saved')
  })
})
