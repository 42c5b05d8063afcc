import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { closedByBrowser } from './closing'
import { openStore, Store } from './store'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** Another window makes the store and does not come to an end, until it is let go. */
function held(name: string): Promise<() => void> {
  const hold = new AbortController()
  return new Promise((begun) => {
    const opening = indexedDB.open(name, 1)
    opening.onupgradeneeded = () => {
      const trial = opening.result.createObjectStore('trial')
      const goOn = (): void => {
        if (hold.signal.aborted) opening.transaction?.abort()
        else trial.count().onsuccess = goOn
      }
      goOn()
      begun(() => {
        hold.abort()
      })
    }
  })
}

describe('the store', () => {
  it('is waited for no longer than some seconds, is missed at once then, and used when it comes', async () => {
    const letGo = await held('silent')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const store = new Store('silent')
    const back = vi.fn()
    store.onBack(back)
    const ready = store.ready()
    await vi.advanceTimersByTimeAsync(5000)
    expect(await ready).toBe(false)
    // Nobody waits once more.
    await expect(store.get('facts', 'a')).rejects.toThrow()
    letGo()
    vi.useRealTimers()
    await vi.waitFor(() => {
      expect(back).toHaveBeenCalledOnce()
    })
    expect(store.isThere).toBe(true)
    await store.put('facts', 1, 'a')
    expect(await store.get('facts', 'a')).toBe(1)
  })

  it('is missed while it is open and does not answer, and is there when it does', async () => {
    const store = await openStore('stuck')
    const back = vi.fn()
    store.onBack(back)
    const hold = new AbortController()
    const holding = store.run(async (db) => {
      const tx = db.transaction('facts', 'readwrite')
      while (!hold.signal.aborted) await tx.store.count()
      await tx.done
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const read = expect(store.get('facts', 'a')).rejects.toThrow()
    await vi.advanceTimersByTimeAsync(5000)
    await read
    expect(store.isThere).toBe(false)
    await expect(store.get('facts', 'a')).rejects.toThrow()
    hold.abort()
    await holding
    vi.useRealTimers()
    await vi.waitFor(() => {
      expect(back).toHaveBeenCalledOnce()
    })
    expect(await store.get('facts', 'a')).toBeUndefined()
  })

  it('does once more what a closing broke, and tells that it is there again', async () => {
    const store = await openStore('broken')
    const back = vi.fn()
    store.onBack(back)
    let tries = 0
    await store.run(async (db) => {
      tries += 1
      if (tries === 1) await closedByBrowser(store)
      await db.put('facts', tries, 'tries')
    })
    expect(await store.get('facts', 'tries')).toBe(2)
    await vi.waitFor(() => {
      expect(back).toHaveBeenCalledOnce()
    })
  })

  it('makes way for a newer version in another window, and goes on with what is there', async () => {
    const store = await openStore('newer')
    await store.put('facts', 1, 'a')
    const newer = await openDB('newer', 7)
    newer.close()
    await store.put('facts', 2, 'b')
    expect(await store.getAll('facts')).toEqual([1, 2])
  })

  it('does once only what failed for another reason', async () => {
    const store = await openStore('refusing')
    const work = vi.fn(() => Promise.reject(new DOMException('no room', 'QuotaExceededError')))
    await expect(store.run(work)).rejects.toThrow('no room')
    expect(work).toHaveBeenCalledOnce()
  })
})
