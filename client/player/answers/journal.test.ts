import 'fake-indexeddb/auto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { keepAck, keepSaidAgain, StoredJournal, unsentBefore } from './journal'
import type { Draft } from './state'
import { openStore, type Store } from './store'

const DRAFT: Draft = { kind: 'marked', item_id: 'i1', response: null, client_ms: 5 }

afterEach(() => {
  vi.useRealTimers()
})

/** A store whose next transaction finds no room. */
function failing(real: Store): { store: Store; fail: () => void } {
  let isFull = false
  const store = new Proxy(real, {
    get(target, name) {
      if (name === 'transaction' && isFull) {
        isFull = false
        throw new DOMException('no room', 'QuotaExceededError')
      }
      const found: unknown = Reflect.get(target, name)
      return typeof found === 'function' ? (found.bind(target) as unknown) : found
    },
  })
  return {
    store,
    fail: () => {
      isFull = true
    },
  }
}

/** Keeps the store's events busy, as a disk that does not answer does, until it is released. */
function busy(store: Store): () => Promise<void> {
  const hold = new AbortController()
  const tx = store.transaction('events', 'readwrite')
  const held = (async () => {
    while (!hold.signal.aborted) await tx.store.count()
    await tx.done
  })()
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
    const { store, fail } = failing(await openStore('hole'))
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
      expect(await store.count('events')).toBe(1)
    })
    expect((await journal.from(1)).map((event) => event.seq)).toEqual([1, 2])
    expect(await journal.append(DRAFT)).toMatchObject({ event: { seq: 3 }, stored: true })
    expect((await journal.from(1)).map((event) => event.seq)).toEqual([1, 2, 3])
    expect(await store.count('events')).toBe(3)
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
