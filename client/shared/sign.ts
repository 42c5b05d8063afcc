/**
 * The device's key and what it signs: batches of events and the final state.
 *
 * The private half is made here, cannot be exported and lives in IndexedDB (a CryptoKey is stored as
 * it is); the server learns the public half with the device. ECDSA P-256 over SHA-256, signatures as
 * r‖s: Chromium 109 has no Ed25519.
 */
import type { components } from './api-types'
import { canonicalJson, concat, encode } from './codec'
import { sha256 } from './bytes'

/**
 * One event as the candidate's program sends it; `response` is the whole state of the item and
 * `client_ms` the server's time as this device estimates it.
 */
export type ClientEvent = Required<components['schemas']['EventIn']>

/** Where a batch belongs: the names the server gave with the device. */
export interface StreamName {
  origin: string
  stream_id: string
  epoch: number
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' }

/** A new key pair whose private half cannot leave the browser. */
export async function makeKey(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify'])
}

/** The public half: 65 bytes, uncompressed point. */
export async function publicBytes(key: CryptoKey): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', key))
}

export async function sign(key: CryptoKey, message: Uint8Array): Promise<Uint8Array> {
  const data = new Uint8Array(message)
  return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, data))
}

/** The canonical bytes of one event. */
export function eventBytes(epoch: number, event: ClientEvent): Uint8Array {
  return encode('client-event', 1, [
    epoch,
    event.seq,
    event.kind,
    event.item_id ?? '',
    event.response === null ? '' : canonicalJson(event.response),
    event.client_ms,
  ])
}

/** What the device signs for a batch; `events` follow each other by seq. */
export async function batchMessage(
  stream: StreamName,
  events: readonly ClientEvent[],
): Promise<Uint8Array> {
  const [first, last] = [events[0], events[events.length - 1]]
  if (!first || !last) throw new RangeError('an empty batch is never signed')
  const digest = await sha256(concat(events.map((event) => eventBytes(stream.epoch, event))))
  const { origin, stream_id, epoch } = stream
  return encode('client-batch', 1, [origin, stream_id, epoch, first.seq, last.seq, digest])
}

/** SHA-256 over the canonical JSON of the answers: item id → response, blanks left out. */
export async function stateHash(answers: Readonly<Record<string, unknown>>): Promise<Uint8Array> {
  const given = Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== null))
  return sha256(new TextEncoder().encode(canonicalJson(given)))
}

/** What the device signs when it submits. */
export function finalMessage(stream: StreamName, lastSeq: number, state: Uint8Array): Uint8Array {
  const { origin, stream_id, epoch } = stream
  return encode('client-final', 1, [origin, stream_id, epoch, lastSeq, state])
}
