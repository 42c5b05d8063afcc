import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { answersHeld, forget, heldHere, heldOf, keepTicket, wipe } from './held'
import { StoredJournal } from './journal'
import { keepAck, keepRefused, keepSaidAgain, unsentBefore } from './proven'
import type { Draft } from './state'
import { openStore, type Store } from './store'

const response = { options: ['a'] }
const ANSWER: Draft = { kind: 'answer_set', item_id: 'i1', response, client_ms: 5 }
const LOOK: Draft = { kind: 'item_viewed', item_id: 'i1', response: null, client_ms: 6 }

async function written(store: Store, sitting_id: string, drafts: Draft[]): Promise<void> {
  const journal = await StoredJournal.open(store, sitting_id, 1, 1)
  for (const draft of drafts) await journal.append(draft)
  await keepTicket(store, sitting_id, `ticket of ${sitting_id}`)
  await store.put('facts', { token: 't' }, 'visit')
  await store.put('facts', 3, `spot/${sitting_id}`)
}

describe('the end of a visit', () => {
  it('leaves nothing of a sitting whose every event the server has signed for', async () => {
    const store = await openStore('all signed for')
    await written(store, 's', [ANSWER, ANSWER])
    await written(store, 't', [ANSWER])
    await keepAck(store, 's', { epoch: 1, acked_through: 2 })
    await wipe(store, 's')
    expect((await store.getAll('events')).map((one) => one.sitting_id)).toEqual(['t'])
    expect(await store.getAllKeys('facts')).toEqual(['spot/t', 'ticket/t'])
  })

  it('keeps every answer for which the server gave no word', async () => {
    const store = await openStore('one refused')
    await written(store, 's', [ANSWER, ANSWER, { ...ANSWER, client_ms: 9 }])
    await keepAck(store, 's', { epoch: 1, acked_through: 1 })
    await wipe(store, 's')
    const held = { sitting_id: 's', ticket_no: 'ticket of s', answers: 2, last_ms: 9 }
    expect(await heldHere(store)).toEqual([held])
    // The next person's visit begins anew, and its end takes nothing of the first away.
    expect(await store.get('facts', 'visit')).toBeUndefined()
    await written(store, 't', [ANSWER])
    await keepAck(store, 't', { epoch: 1, acked_through: 1 })
    await wipe(store, 't')
    expect(await heldHere(store)).toEqual([held])
  })

  it('keeps the key that proves what is held, and no sign-in', async () => {
    const store = await openStore('the key')
    await written(store, 's', [ANSWER])
    await store.put('facts', { token: 'secret', key: 'k' }, 'device/s')
    await wipe(store, 's')
    expect(await store.get('facts', 'device/s')).toEqual({ token: '', key: 'k' })
    expect(JSON.stringify(await store.getAll('facts'))).not.toContain('secret')
  })

  it('holds nothing back for a record that answers nothing', async () => {
    const store = await openStore('a look')
    await written(store, 's', [ANSWER, LOOK])
    await keepAck(store, 's', { epoch: 1, acked_through: 1 })
    expect(await answersHeld(store, 's')).toBe(0)
    await wipe(store, 's')
    expect(await store.count('events')).toBe(0)
  })

  it('keeps what was refused for what it is, which is never said again', async () => {
    const store = await openStore('refused')
    await written(store, 's', [ANSWER, ANSWER])
    await keepRefused(store, 's', { epoch: 1, seq: 2 })
    expect((await unsentBefore(store, 's', 2)).map((event) => event.seq)).toEqual([1])
    await keepSaidAgain(store, 's', 2)
    expect(await answersHeld(store, 's')).toBe(1)
    await wipe(store, 's')
    expect((await heldOf(store, 's')).map((event) => event.seq)).toEqual([2])
    await forget(store, 's')
    expect(await store.getAllKeys('facts')).toEqual([])
  })

  it('counts what was said again where it was said', async () => {
    const store = await openStore('again')
    await written(store, 's', [ANSWER])
    expect(await answersHeld(store, 's')).toBe(1)
    await keepSaidAgain(store, 's', 2)
    expect(await answersHeld(store, 's')).toBe(0)
    const later = await StoredJournal.open(store, 's', 2, 1)
    await later.append(ANSWER)
    expect(await answersHeld(store, 's')).toBe(1)
  })
})

describe('what is held', () => {
  it('goes when a person has taken it away', async () => {
    const store = await openStore('taken away')
    await written(store, 's', [ANSWER])
    await wipe(store, 's')
    await forget(store, 's')
    expect(await heldHere(store)).toEqual([])
    expect(await store.getAllKeys('facts')).toEqual([])
  })
})
