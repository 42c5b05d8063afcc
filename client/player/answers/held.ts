/**
 * What a candidate wrote and the server has neither acknowledged nor kept: it stays on this computer.
 *
 * Rules kept here: only the server's signed word about an event, or a person who has taken it away as
 * a file, lets it be removed; what was said again under a later sign-in counts there; records that
 * answer nothing (a look, a mark, an absence) hold nothing back. Facts about a sitting are named
 * `<what>/<sitting_id>…`.
 */
import { unproven } from './proven'
import type { Connection, Store, StoredEvent } from './store'

/** One sitting with answers that only this computer has. */
export interface Held {
  sitting_id: string
  /** Empty when an earlier version of this program kept none. */
  ticket_no: string
  /** How many answers, of which several may be about one item. */
  answers: number
  /** When the last of them was made, ms. */
  last_ms: number
}

/** The sitting's events without the server's word, when an answer is among them; else none. */
export async function heldOf(store: Store, sitting_id: string): Promise<StoredEvent[]> {
  const left = await unproven(store, await store.getAll('events', ofSitting(sitting_id)))
  return left.some(isAnswer) ? left : []
}

/** Every sitting whose answers are held here, the longest held first. */
export async function heldHere(store: Store): Promise<Held[]> {
  const ids = new Set((await store.getAllKeys('events')).map(([sitting_id]) => sitting_id))
  const found: Held[] = []
  for (const sitting_id of ids) {
    const answers = (await heldOf(store, sitting_id)).filter(isAnswer)
    if (answers.length === 0) continue
    const ticket = (await store.get('facts', ticketName(sitting_id))) as string | undefined
    const last_ms = Math.max(...answers.map((one) => one.client_ms))
    found.push({ sitting_id, ticket_no: ticket ?? '', answers: answers.length, last_ms })
  }
  return found.sort((left, right) => left.last_ms - right.last_ms)
}

/** How many answers of the sitting only this computer has. */
export async function answersHeld(store: Store, sitting_id: string): Promise<number> {
  return (await heldOf(store, sitting_id)).filter(isAnswer).length
}

/** Remembers whose sitting it is, for whoever finds something held. */
export async function keepTicket(
  store: Store,
  sitting_id: string,
  ticket_no: string,
): Promise<void> {
  await store.put('facts', ticket_no, ticketName(sitting_id))
}

/**
 * The end of a visit: removes what belongs to the sitting. While answers are held, they stay with
 * what proves them (the device's key, the acknowledgements), and only the rest goes, the sign-in's
 * token with it.
 */
export async function wipe(store: Store, sitting_id: string): Promise<void> {
  const isHeld = (await heldOf(store, sitting_id)).length > 0
  await store.run((db) => wiped(db, sitting_id, isHeld))
}

async function wiped(db: Connection, sitting_id: string, isHeld: boolean): Promise<void> {
  const kept = isHeld ? ['ticket', 'device', 'ack', 'again', 'refused'] : []
  const tx = db.transaction(['events', 'facts', 'pieces'], 'readwrite', { durability: 'strict' })
  const facts = tx.objectStore('facts')
  const names = (await facts.getAllKeys()).filter((name) => {
    const [what = '', whose] = name.split('/')
    return name === 'visit' || (whose === sitting_id && !kept.includes(what))
  })
  const device = await facts.get(`device/${sitting_id}`)
  await Promise.all([
    ...(isHeld && device !== undefined
      ? [facts.put({ ...(device as object), token: '' }, `device/${sitting_id}`)]
      : []),
    ...(isHeld ? [] : [tx.objectStore('events').delete(ofSitting(sitting_id))]),
    tx.objectStore('pieces').delete(ofSitting(sitting_id)),
    ...names.map((name) => facts.delete(name)),
    tx.done,
  ])
}

/** Removes what is held of a sitting. Only after it has been taken away as a file. */
export async function forget(store: Store, sitting_id: string): Promise<void> {
  await store.delete('events', ofSitting(sitting_id))
  await wipe(store, sitting_id)
}

export function isAnswer({ kind }: { kind: string }): boolean {
  return kind.startsWith('answer_')
}

/** The keys of a sitting's events, or of its recordings. */
export function ofSitting(sitting_id: string): IDBKeyRange {
  return IDBKeyRange.bound([sitting_id], [sitting_id, []])
}

function ticketName(sitting_id: string): string {
  return `ticket/${sitting_id}`
}
