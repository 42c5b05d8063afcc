import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from './bytes'
import { canonicalJson, encode, type Field } from './codec'
import {
  batchMessage,
  eventBytes,
  finalMessage,
  makeKey,
  publicBytes,
  sign,
  stateHash,
  type ClientEvent,
} from './sign'

interface Vectors {
  frames: { kind: string; version: number; fields: unknown[]; hex: string }[]
  json: { value: unknown; text: string }[]
  batch: {
    origin: string
    stream_id: string
    epoch: number
    events: (ClientEvent & { hex: string })[]
    message_hex: string
  }
  final: {
    answers: Record<string, unknown>
    last_seq: number
    state_hash_hex: string
    message_hex: string
  }
}

const FILE = join(import.meta.dirname, '../../tests/vectors/client_device.json')
const VECTORS = JSON.parse(readFileSync(FILE, 'utf8')) as Vectors

function fieldOf(value: unknown): Field {
  if (Array.isArray(value)) return value.map(fieldOf)
  if (value !== null && typeof value === 'object')
    return fromHex((value as { bytes: string }).bytes)
  return value as Field
}

describe('canonical bytes', () => {
  it.each(VECTORS.frames)('of the frame $kind are those of the server', (vector) => {
    const frame = encode(vector.kind, vector.version, vector.fields.map(fieldOf))
    expect(toHex(frame)).toBe(vector.hex)
  })

  it.each(VECTORS.json)('of JSON are those of the server: $text', ({ value, text }) => {
    expect(canonicalJson(value)).toBe(text)
  })

  it.each([-1, 1.5, Number.MAX_SAFE_INTEGER + 1, Number.NaN])('refuse the number %s', (value) => {
    expect(() => encode('k', 1, [value])).toThrow(RangeError)
  })

  it('refuse a lone surrogate, which UTF-8 cannot carry', () => {
    expect(() => encode('k', 1, ['\ud800'])).toThrow(RangeError)
    expect(() => encode('k', 1, ['\udc00'])).toThrow(RangeError)
    expect(() => encode('k', 1, ['𠮷'])).not.toThrow()
  })
})

describe('the device', () => {
  const { batch, final } = VECTORS

  it('signs a batch in the bytes that the server checks', async () => {
    for (const event of batch.events) {
      expect(toHex(eventBytes(batch.epoch, event))).toBe(event.hex)
    }
    expect(toHex(await batchMessage(batch, batch.events))).toBe(batch.message_hex)
  })

  it('signs the final state in the bytes that the server checks', async () => {
    const state = await stateHash(final.answers)
    expect(toHex(state)).toBe(final.state_hash_hex)
    expect(toHex(finalMessage(batch, final.last_seq, state))).toBe(final.message_hex)
  })

  it('never signs an empty batch', async () => {
    await expect(batchMessage(batch, [])).rejects.toThrow(RangeError)
  })

  it('has a key whose private half cannot be exported', async () => {
    const key = await makeKey()
    expect(key.privateKey.extractable).toBe(false)
    expect(await publicBytes(key.publicKey)).toHaveLength(65)
    const message = fromHex(batch.message_hex)
    const signature = await sign(key.privateKey, message)
    expect(signature).toHaveLength(64)
    const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
    const data = new Uint8Array(message)
    expect(
      await crypto.subtle.verify(algorithm, key.publicKey, new Uint8Array(signature), data),
    ).toBe(true)
  })
})
