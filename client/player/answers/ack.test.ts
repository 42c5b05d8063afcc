import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromHex, toBase64, toHex } from '@/shared/bytes'
import type { Ack } from '@/shared/contract'
import { ackHolds, ackMessage } from './ack'

interface Vectors {
  server_public_hex: string
  ack: {
    origin: string
    stream_id: string
    epoch: number
    acked_through: number
    head_hex: string
    server_ms: number
    frame_hex: string
    signature_hex: string
  }
  receipt: { frame_hex: string; signature_hex: string }
}

const FILE = join(import.meta.dirname, '../../../tests/vectors/ack.json')
const {
  server_public_hex,
  ack: vector,
  receipt,
} = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors
const KEY = fromHex(server_public_hex)
const { frame_hex, signature_hex, ...named } = vector
const STREAM = { origin: vector.origin, stream_id: vector.stream_id, epoch: vector.epoch }
const ACK: Ack = {
  ...named,
  frame_b64: toBase64(fromHex(frame_hex)),
  signature_b64: toBase64(fromHex(signature_hex)),
  deadline_ms: 0,
}

describe('an acknowledgement', () => {
  it('has the bytes that the server signs', () => {
    expect(toHex(ackMessage(STREAM, ACK))).toBe(frame_hex)
  })

  it("is believed under the server's key", async () => {
    expect(await ackHolds(KEY, STREAM, ACK)).toBe(true)
  })

  it.each<[string, Partial<Ack>]>([
    ['says more than was signed', { acked_through: ACK.acked_through + 1 }],
    ['says less than was signed', { acked_through: ACK.acked_through - 1 }],
    ['names another head', { head_hex: '00'.repeat(32) }],
    ['names another time', { server_ms: ACK.server_ms + 1 }],
    ['brings another frame', { frame_b64: toBase64(fromHex(receipt.frame_hex)) }],
    ['brings no frame', { frame_b64: '' }],
    ['is not signed', { signature_b64: '' }],
    ['is no base64', { signature_b64: '*' }],
    ['counts below zero', { acked_through: -1 }],
    ["carries a receipt's signature", { signature_b64: toBase64(fromHex(receipt.signature_hex)) }],
  ])('is not believed when it %s', async (_, change) => {
    expect(await ackHolds(KEY, STREAM, { ...ACK, ...change })).toBe(false)
  })

  it('is not believed for another stream, device or ledger, nor under another key', async () => {
    for (const other of [{ stream_id: 'sitting/other' }, { epoch: 3 }, { origin: 'other' }]) {
      expect(await ackHolds(KEY, { ...STREAM, ...other }, ACK)).toBe(false)
    }
    expect(await ackHolds(fromHex('aa'.repeat(32)), STREAM, ACK)).toBe(false)
  })
})
