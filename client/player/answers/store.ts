/** The one IndexedDB of the player: events, facts about the visit, recordings on their way. */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { ClientEvent } from '@/shared/sign'

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

export type Store = IDBPDatabase<Schema>

/** Opens the database. Rejects when the browser lets nothing be stored. */
export function openStore(name = 'gongyuan-exam'): Promise<Store> {
  return openDB<Schema>(name, 1, {
    upgrade(db) {
      db.createObjectStore('events', { keyPath: ['sitting_id', 'epoch', 'seq'] })
      db.createObjectStore('facts')
      db.createObjectStore('pieces', { keyPath: ['sitting_id', 'index'] })
    },
  })
}
