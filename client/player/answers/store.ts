/**
 * The one IndexedDB of the player: events, facts about the visit, recordings on their way.
 *
 * Rules kept here: nobody waits longer than `PATIENCE_MS` for it, and while it is silent who asks is
 * refused at once; a connection that the browser closes by itself (a profile that is cleared, another
 * window with a newer version) is opened anew, and what failed by that is done once more; while it
 * cannot be opened it is tried again, and who has something to store hears when it is there.
 */
import {
  openDB,
  type DBSchema,
  type IDBPDatabase,
  type StoreKey,
  type StoreNames,
  type StoreValue,
} from 'idb'
import type { ClientEvent } from '@/shared/sign'
import { sleep, within } from '../backoff'

export interface StoredEvent extends ClientEvent {
  sitting_id: string
  epoch: number
}

export interface StoredPiece {
  sitting_id: string
  index: number
  t0_ms: number
  t1_ms: number
  sha256: string
  data: Blob
}

interface Schema extends DBSchema {
  events: { key: [string, number, number]; value: StoredEvent }
  facts: { key: string; value: unknown }
  pieces: { key: [string, number]; value: StoredPiece }
}

export type Connection = IDBPDatabase<Schema>
type Name = StoreNames<Schema>
type Key<Of extends Name> = StoreKey<Schema, Of>
type Value<Of extends Name> = StoreValue<Schema, Of>

/** Longer than any disk at work takes. */
export const PATIENCE_MS = 5000
const RETRY_MS = 5000

interface Opening {
  db: Promise<Connection>
  /** The same; rejects when it takes too long. */
  inTime: Promise<Connection>
}

export class Store {
  readonly #name: string
  #db: Connection | null = null
  #opening: Opening | null = null
  /** What has been asked and not answered in time. */
  #overdue = 0
  #isComing = false
  #isClosed = false
  readonly #heard = new Set<() => void>()

  constructor(name = 'gongyuan-exam') {
    this.#name = name
  }

  /** False while it cannot be opened, or does not answer. */
  get isThere(): boolean {
    return this.#db !== null && this.#overdue === 0
  }

  /** Opens it; whether it came in time. */
  ready(): Promise<boolean> {
    return this.#connection().then(
      () => true,
      () => false,
    )
  }

  /** Calls `heard` whenever it is there again, or at last; returns the way to take it off. */
  onBack(heard: () => void): () => void {
    this.#heard.add(heard)
    return () => this.#heard.delete(heard)
  }

  /**
   * Does the work, for as long as it takes, and once more over a new connection when the browser has
   * closed the one that it had. Rejects with what the work rejects with, or when nothing can be opened.
   */
  async run<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    // Without a wait where it is open: what is written while the page goes has no other moment.
    const db = this.#db ?? (await this.#connection())
    try {
      return await work(db)
    } catch (error) {
      if (this.#db === db && !isClosing(error)) throw error
      this.#lose(db)
      return work(await this.#connection())
    }
  }

  get<Of extends Name>(name: Of, key: Key<Of>): Promise<Value<Of> | undefined> {
    return this.#soon((db) => db.get(name, key))
  }

  getAll<Of extends Name>(name: Of, range?: IDBKeyRange): Promise<Value<Of>[]> {
    return this.#soon((db) => db.getAll(name, range))
  }

  getAllKeys<Of extends Name>(name: Of, range?: IDBKeyRange): Promise<Key<Of>[]> {
    return this.#soon((db) => db.getAllKeys(name, range))
  }

  count(name: Name, range?: IDBKeyRange): Promise<number> {
    return this.#soon((db) => db.count(name, range))
  }

  put<Of extends Name>(name: Of, value: Value<Of>, key?: Key<Of>): Promise<unknown> {
    return this.#soon((db) => db.put(name, value, key))
  }

  delete<Of extends Name>(name: Of, key: Key<Of> | IDBKeyRange): Promise<void> {
    return this.#soon((db) => db.delete(name, key))
  }

  /** For good. */
  close(): void {
    this.#isClosed = true
    this.#db?.close()
    this.#db = null
  }

  /** The work, or a refusal when it takes too long. */
  async #soon<T>(work: (db: Connection) => Promise<T>): Promise<T> {
    if (this.#overdue > 0) throw new Error('the store is silent')
    const done = this.run(work)
    try {
      return await within(done, PATIENCE_MS)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'TimeoutError') this.#await(done)
      throw error
    }
  }

  #await(done: Promise<unknown>): void {
    this.#overdue += 1
    const ended = (): void => {
      this.#overdue -= 1
      if (this.isThere) this.#tell()
    }
    done.then(ended, ended)
  }

  #connection(): Promise<Connection> {
    if (this.#db !== null) return Promise.resolve(this.#db)
    if (this.#isClosed) return Promise.reject(new Error('the store is closed'))
    this.#opening ??= this.#begin()
    return this.#opening.inTime
  }

  #begin(): Opening {
    const db = this.#open().then(
      (opened) => {
        this.#opening = null
        if (this.#isClosed) opened.close()
        else this.#db = opened
        return opened
      },
      (error: unknown) => {
        this.#opening = null
        throw error
      },
    )
    const inTime = within(db, PATIENCE_MS)
    inTime.catch(() => void this.#comeBack())
    return { db, inTime }
  }

  async #open(): Promise<Connection> {
    let mine: Connection | null = null
    const gone = (): void => {
      if (mine !== null) this.#lose(mine)
    }
    const hooks = { blocking: gone, terminated: gone }
    mine = await openDB<Schema>(this.#name, 1, {
      ...hooks,
      upgrade(db) {
        db.createObjectStore('events', { keyPath: ['sitting_id', 'epoch', 'seq'] })
        db.createObjectStore('facts')
        db.createObjectStore('pieces', { keyPath: ['sitting_id', 'index'] })
      },
    }).catch((error: unknown) => {
      // A newer version of this program has been here: an exam that runs goes on with what is there.
      if (error instanceof DOMException && error.name === 'VersionError') {
        return openDB<Schema>(this.#name, undefined, hooks)
      }
      throw error
    })
    return mine
  }

  /** The connection is of no use any more. */
  #lose(db: Connection): void {
    if (this.#db !== db) return
    this.#db = null
    db.close()
    void this.#comeBack()
  }

  /** Until it is there, however long that takes. */
  async #comeBack(): Promise<void> {
    if (this.#isComing) return
    this.#isComing = true
    while (this.#db === null && !this.#isClosed) {
      this.#opening ??= this.#begin()
      const db = await this.#opening.db.catch(() => null)
      if (db === null) await sleep(RETRY_MS)
    }
    this.#isComing = false
    if (!this.#isClosed) this.#tell()
  }

  #tell(): void {
    for (const heard of this.#heard) heard()
  }
}

/** A store, after waiting for it as long as anybody does. */
export async function openStore(name?: string): Promise<Store> {
  const store = new Store(name)
  await store.ready()
  return store
}

function isClosing(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'InvalidStateError'
}
