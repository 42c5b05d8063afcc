/** How far the server's signed word reaches, as this computer remembers it, and what lies beyond. */
import type { ClientEvent } from '@/shared/sign'
import { bare } from './journal'
import type { Store, StoredEvent } from './store'

/**
 * Events of the sitting's epochs before `epoch` without the server's word, not said again yet; what was
 * refused for what it is would be so again. Rejects when the store cannot be read: nobody may take that
 * for none.
 */
export async function unsentBefore(
  store: Store,
  sitting_id: string,
  epoch: number,
): Promise<ClientEvent[]> {
  const range = IDBKeyRange.bound([sitting_id], [sitting_id, epoch], false, true)
  const rows = await store.getAll('events', range)
  const refused = await refusedOf(store, sitting_id)
  const left = await unproven(store, rows)
  return left.filter((row) => !refused(row)).map(bare)
}

/**
 * Those of a sitting's stored events for which neither a signed word nor a later saying is here; what
 * was refused for what it is was not said later.
 */
export async function unproven(store: Store, rows: readonly StoredEvent[]): Promise<StoredEvent[]> {
  const through = new Map<number, number>()
  for (const { sitting_id, epoch } of rows) {
    if (through.has(epoch)) continue
    const isAgain = (await store.get('facts', againName(sitting_id, epoch))) === true
    through.set(epoch, isAgain ? Infinity : await provenThrough(store, sitting_id, epoch))
  }
  const refused = await refusedOf(store, rows[0]?.sitting_id ?? '')
  return rows.filter((row) => row.seq > (through.get(row.epoch) ?? 0) || refused(row))
}

/**
 * Remembers that what the epochs before `epoch` could not send has been said again in it; a second
 * saying would put an old answer over a newer one.
 */
export async function keepSaidAgain(
  store: Store,
  sitting_id: string,
  epoch: number,
): Promise<void> {
  const range = IDBKeyRange.bound([sitting_id], [sitting_id, epoch], false, true)
  const epochs = new Set((await store.getAllKeys('events', range)).map((key) => key[1]))
  for (const earlier of epochs) await store.put('facts', true, againName(sitting_id, earlier))
}

/** Remembers an event that the server refused for what it is. */
export async function keepRefused(
  store: Store,
  sitting_id: string,
  event: { epoch: number; seq: number },
): Promise<void> {
  await store.put('facts', true, `${refusedName(sitting_id)}${event.epoch}/${event.seq}`)
}

/** Which of a sitting's events the server refused for what they are. */
export async function refusedOf(
  store: Store,
  sitting_id: string,
): Promise<(event: { epoch: number; seq: number }) => boolean> {
  const start = refusedName(sitting_id)
  const names = new Set(await store.getAllKeys('facts', IDBKeyRange.bound(start, `${start}\uffff`)))
  return ({ epoch, seq }) => names.has(`${start}${epoch}/${seq}`)
}

/** Remembers how far the server has acknowledged an epoch; only for an ack that was proved. */
export async function keepAck(
  store: Store,
  sitting_id: string,
  ack: { epoch: number; acked_through: number },
): Promise<void> {
  await store.put('facts', { ...ack }, ackName(sitting_id, ack.epoch))
}

/** How far this computer holds the server's signed word about an epoch; 0 without one. */
export async function provenThrough(
  store: Store,
  sitting_id: string,
  epoch: number,
): Promise<number> {
  const kept = (await store.get('facts', ackName(sitting_id, epoch)).catch(() => undefined)) as
    { acked_through: number } | undefined
  return kept?.acked_through ?? 0
}

function ackName(sitting_id: string, epoch: number): string {
  return `ack/${sitting_id}/${epoch}`
}

function refusedName(sitting_id: string): string {
  return `refused/${sitting_id}/`
}

function againName(sitting_id: string, epoch: number): string {
  return `again/${sitting_id}/${epoch}`
}
