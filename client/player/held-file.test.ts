import { describe, expect, it } from 'vitest'
import { fromBase64 } from '@/shared/bytes'
import { batchMessage, makeKey } from '@/shared/sign'
import { BATCH_EVENTS } from './answers/outbox'
import { ServerClock } from './clock'
import { heldFile, savedAt, type HeldEvent } from './held-file'

const STREAM = { origin: 'o', stream_id: 's', epoch: 2 }

function event(epoch: number, seq: number): HeldEvent {
  return { epoch, seq, kind: 'marked', item_id: 'i1', response: null, client_ms: seq }
}

const AT = { saved_at_ms: 5, saved_at_clock: 'server' } as const

describe('the file of held answers', () => {
  it("bears the computer's own time, called so, before the server's is known", () => {
    let mono = 40
    const clock = new ServerClock(() => mono)
    expect(savedAt(clock, () => 1_800_000_000_000)).toEqual({
      saved_at_ms: 1_800_000_000_000,
      saved_at_clock: 'computer',
    })
    mono = 60
    clock.sample(40, 1_700_000_000_000)
    expect(savedAt(clock, () => 1_800_000_000_000)).toEqual({
      saved_at_ms: 1_700_000_000_010,
      saved_at_clock: 'server',
    })
  })

  it('has every event once, in batches without a hole', async () => {
    const many = Array.from({ length: BATCH_EVENTS + 1 }, (_, at) => event(2, at + 10))
    const events = [event(2, 3), ...many, event(1, 7)]
    const { batches } = await heldFile(events, { ticket_no: '1', device: null }, AT)
    expect(batches.map((one) => [one.epoch, one.events.length])).toEqual([
      [1, 1],
      [2, 1],
      [2, BATCH_EVENTS],
      [2, 1],
    ])
    expect(batches.every((one) => one.signature_b64 === null)).toBe(true)
  })

  it('is signed by the device that made the events, and by no other', async () => {
    const { privateKey, publicKey } = await makeKey()
    const rest = { sitting_id: 's', token: 't', server_key: new Uint8Array(32) }
    const device = { ...rest, stream: STREAM, key: privateKey }
    const events = [event(1, 1), event(2, 1), event(2, 2)]
    const [older, own] = (await heldFile(events, { ticket_no: '1', device }, AT)).batches
    expect(older?.signature_b64).toBeNull()
    const signed = new Uint8Array(await batchMessage(STREAM, own?.events ?? []))
    const signature = new Uint8Array(fromBase64(own?.signature_b64 ?? ''))
    const how = { name: 'ECDSA', hash: 'SHA-256' }
    expect(await crypto.subtle.verify(how, publicKey, signature, signed)).toBe(true)
  })
})
