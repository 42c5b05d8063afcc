/** The device: its key, the names the server gave it, and what of it survives a reload. */
import { fromBase64, toBase64, toHex } from '@/shared/bytes'
import {
  batchMessage,
  makeKey,
  publicBytes,
  sign,
  stateHash,
  finalMessage,
  type StreamName,
} from '@/shared/sign'
import { ackHolds } from '../answers/ack'
import type { Store } from '../answers/store'
import type { Signer } from '../transport'
import type { Server } from './server'

/** Kept in IndexedDB; the private key in it cannot be exported. */
export interface KeptDevice {
  sitting_id: string
  /** The sign-in that took the device; another sign-in needs another device. */
  token: string
  stream: StreamName
  key: CryptoKey
  /** The key under the server's acknowledgements, as given with the device. */
  server_key: Uint8Array
}

/**
 * The device of this sitting: the kept one after a reload, or the page's `last` where nothing can be
 * stored, while the server still counts it as the last; else a new one, which locks every older.
 */
export async function deviceFor(
  store: Store,
  server: Server,
  { sitting_id, epoch }: { sitting_id: string; epoch: number },
  last: KeptDevice | null,
): Promise<KeptDevice> {
  const token = server.token ?? ''
  for (const known of [await keptDevice(store, sitting_id), last]) {
    const isOurs = known?.sitting_id === sitting_id && known.token === token
    if (isOurs && known.stream.epoch === epoch) return known
  }
  const pair = await makeKey()
  const given = await server.device(await publicBytes(pair.publicKey))
  const stream = { origin: given.origin, stream_id: given.stream_id, epoch: given.epoch }
  const server_key = fromBase64(given.server_key_b64)
  const device = { sitting_id, token, stream, key: pair.privateKey, server_key }
  await keepDevice(store, device)
  return device
}

/** For a reload; where nothing can be stored, the page goes on with what it has. */
export async function keepDevice(store: Store, device: KeptDevice): Promise<void> {
  await store.put('facts', device, deviceName(device.sitting_id)).catch(() => undefined)
}

function deviceName(sitting_id: string): string {
  return `device/${sitting_id}`
}

export async function keptDevice(store: Store, sitting_id: string): Promise<KeptDevice | null> {
  const kept = await store.get('facts', deviceName(sitting_id)).catch(() => undefined)
  const device = kept as Partial<KeptDevice> | undefined
  // One that an earlier version of this program kept names no server key: a new device is taken.
  return device?.server_key === undefined ? null : (device as KeptDevice)
}

/** Signs with the device's key; believes the server's alone. */
export function signerOf({ stream, key, server_key }: KeptDevice): Signer {
  return {
    epoch: stream.epoch,
    async batch(events) {
      return toBase64(await sign(key, await batchMessage(stream, events)))
    },
    proves: (ack) => ackHolds(server_key, stream, ack),
    async submission(lastSeq, answers) {
      const state = await stateHash(answers)
      const signature = await sign(key, finalMessage(stream, lastSeq, state))
      return { state_hash_hex: toHex(state), signature_b64: toBase64(signature) }
    },
  }
}
