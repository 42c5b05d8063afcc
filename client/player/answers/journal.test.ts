import 'fake-indexeddb/auto'
import { deleteDB } from 'idb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ClientEvent } from '@/shared/sign'
import { StoredJournal } from './journal'
import { keepAck, keepSaidAgain, unsentBefore } from './proven'
import type { Draft } from './state'
import { closedByBrowser } from './closing'
import { openStore, type Store } from './store'

const DRAFT: Draft = { kind: 'marked', item_id: 'i1', response: null, client_ms: 5 }

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** The next transaction finds no room. */
function fail(): void {
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementationOnce(() => {
    throw new DOMException('no room', 'QuotaExceededError')
  })
}

/** Keeps the store's events busy, as a disk that does not answer does, until it is released. */
function busy(store: Store): () => Promise<void> {
  const hold = new AbortController()
  const held = store.run(async (db) => {
    const tx = db.transaction('events', 'readwrite')
    while (!hold.signal.aborted) await tx.store.count()
    await tx.done
  })
  return () => {
    hold.abort()
    return held
  }
}

describe('the journal', () => {
  it('numbers on after a reload', async () => {
    const store = await openStore('reload')
    const before = await StoredJournal.open(store, 's', 1, 1)
    await Promise.all([before.append(DRAFT), before.append(DRAFT)])
    const after = await StoredJournal.open(store, 's', 1, 1)
    expect((await after.append(DRAFT)).event.seq).toBe(3)
    expect((await after.from(2)).map((event) => event.seq)).toEqual([2, 3])
  })

  it('numbers on after the server when the local log is gone', async () => {
    const journal = await StoredJournal.open(await openStore('gone'), 's', 1, 8)
    expect((await journal.append(DRAFT)).event.seq).toBe(8)
  })

  it('gives the next number and says so when the computer stores nothing', async () => {
    const store = await openStore('broken')
    const journal = await StoredJournal.open(store, 's', 1, 1)
    await journal.append(DRAFT)
    store.close()
    const { event, stored } = await journal.append(DRAFT)
    expect(stored).toBe(false)
    expect(event.seq).toBe(2)
    expect((await journal.from(2)).map((one) => one.seq)).toEqual([2])
  })

  it('stores what it could not before together with the next, so that no hole stays', async () => {
    const store = await openStore('hole')
    const journal = await StoredJournal.open(store, 's', 1, 1)
    await journal.append(DRAFT)
    fail()
    expect((await journal.append(DRAFT)).stored).toBe(false)
    expect((await journal.append(DRAFT)).stored).toBe(true)
    const after = await StoredJournal.open(store, 's', 1, 1)
    expect((await after.from(1)).map((event) => event.seq)).toEqual([1, 2, 3])
  })

  it('gives the number all the same when storing does not end, and stores when it can', async () => {
    const store = await openStore('stuck')
    const journal = await StoredJournal.open(store, 's', 1, 1)
    const release = busy(store)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const slow = journal.append(DRAFT)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await slow).toMatchObject({ event: { seq: 1 }, stored: false })
    // The next does not wait once more.
    expect(await journal.append(DRAFT)).toMatchObject({ event: { seq: 2 }, stored: false })
    await release()
    await vi.waitFor(async () => {
      expect(await store.count('events')).toBe(2)
    })
    expect((await journal.from(1)).map((event) => event.seq)).toEqual([1, 2])
    expect(await journal.append(DRAFT)).toMatchObject({ event: { seq: 3 }, stored: true })
    expect((await journal.from(1)).map((event) => event.seq)).toEqual([1, 2, 3])
    expect(await store.count('events')).toBe(3)
  })

  it.each([0, 1, 2])(
    'stores and goes on when the browser has closed the connection, %i times in between',
    async (closings) => {
      const store = await openStore(`closed ${closings}`)
      const journal = await StoredJournal.open(store, 's', 1, 1)
      const seqs = [1, 2]
      for (let at = 0; at < closings; at += 1) {
        await journal.append(DRAFT)
        await closedByBrowser(store)
        seqs.push(at + 3)
      }
      const appended = await Promise.all([journal.append(DRAFT), journal.append(DRAFT)])
      expect(appended.map(({ stored }) => stored)).toEqual([true, true])
      const after = await StoredJournal.open(await openStore(`closed ${closings}`), 's', 1, 1)
      expect((await after.from(1)).map((event) => event.seq)).toEqual(seqs)
    },
  )

  it('goes on when another window deletes the store, and what is not sent is stored anew', async () => {
    const store = await openStore('deleted')
    const journal = await StoredJournal.open(store, 's', 1, 1)
    const unsent: ClientEvent[] = []
    const told: boolean[] = []
    journal.attach({ stored: (is) => told.push(is), unsent: () => unsent })
    await journal.append(DRAFT)
    unsent.push((await journal.append(DRAFT)).event)
    await deleteDB('deleted')
    await vi.waitFor(() => {
      expect(told).toEqual([true])
    })
    unsent.push((await journal.append(DRAFT)).event)
    const rows = await (await openStore('deleted')).getAll('events')
    expect(rows.map((row) => row.seq)).toEqual([2, 3])
  })

  it('tells that nothing is stored while it cannot open, and stores all when it can', async () => {
    const store = await openStore('reopens')
    const journal = await StoredJournal.open(store, 's', 1, 1)
    const told: boolean[] = []
    journal.attach({ stored: (is) => told.push(is), unsent: () => [] })
    await journal.append(DRAFT)
    const opening = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('no disk', 'UnknownError')
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await closedByBrowser(store)
    expect(await journal.append(DRAFT)).toMatchObject({ event: { seq: 2 }, stored: false })
    expect(await journal.append(DRAFT)).toMatchObject({ event: { seq: 3 }, stored: false })
    expect(store.isThere).toBe(false)
    opening.mockRestore()
    await vi.advanceTimersByTimeAsync(5000)
    vi.useRealTimers()
    await vi.waitFor(() => {
      expect(told.at(-1)).toBe(true)
    })
    expect((await store.getAll('events')).map((row) => row.seq)).toEqual([1, 2, 3])
  })

  it('finds what earlier epochs could not send', async () => {
    const store = await openStore('earlier')
    const old = await StoredJournal.open(store, 's', 1, 1)
    for (let made = 0; made < 3; made += 1) await old.append(DRAFT)
    await keepAck(store, 's', { epoch: 1, acked_through: 2 })
    const other = await StoredJournal.open(store, 'other', 1, 1)
    await other.append(DRAFT)
    expect((await unsentBefore(store, 's', 2)).map((event) => event.seq)).toEqual([3])
  })

  it('gives what was said again no second time, which would put it over a newer answer', async () => {
    const store = await openStore('said again')
    await (await StoredJournal.open(store, 's', 1, 1)).append(DRAFT)
    expect(await unsentBefore(store, 's', 2)).toHaveLength(1)
    await keepSaidAgain(store, 's', 2)
    await (await StoredJournal.open(store, 's', 2, 1)).append(DRAFT)
    expect(await unsentBefore(store, 's', 2)).toEqual([])
    expect(await unsentBefore(store, 's', 3)).toHaveLength(1)
  })
})
