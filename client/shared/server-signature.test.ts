import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromHex } from './bytes'
import { serverSignatureHolds } from './server-signature'

const VECTORS = join(import.meta.dirname, '../../tests/vectors')

interface Signed {
  public_hex: string
  message_hex: string
  signature_hex: string
}

function vectors(): [string, Signed][] {
  const ack = JSON.parse(readFileSync(join(VECTORS, 'ack.json'), 'utf8')) as {
    server_public_hex: string
    receipt: { frame_hex: string; signature_hex: string }
  }
  const { sm2 } = JSON.parse(readFileSync(join(VECTORS, 'national.json'), 'utf8')) as {
    sm2: Signed
  }
  const { frame_hex, signature_hex } = ack.receipt
  const ed25519 = { public_hex: ack.server_public_hex, message_hex: frame_hex, signature_hex }
  return [
    ['Ed25519', ed25519],
    ['SM2', sm2],
  ]
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

describe.each(vectors())("the server's signature by %s", (_, signed) => {
  const key = fromHex(signed.public_hex)
  const message = fromHex(signed.message_hex)
  const signature = fromHex(signed.signature_hex)

  it('holds over its message', async () => {
    expect(await serverSignatureHolds(key, message, signature)).toBe(true)
  })

  it('holds over no other message', async () => {
    for (let at = 0; at < message.length; at += 1) {
      expect(await serverSignatureHolds(key, flipped(message, at), signature)).toBe(false)
    }
  })

  it('holds with no byte changed', async () => {
    for (let at = 0; at < signature.length; at += 1) {
      expect(await serverSignatureHolds(key, message, flipped(signature, at))).toBe(false)
    }
  })

  it('is not good when it is malformed, or its key is', async () => {
    const empty = new Uint8Array()
    const cases: [Uint8Array, Uint8Array, Uint8Array][] = [
      [key, message, empty],
      [key, message, signature.slice(1)],
      [key, message, new Uint8Array(64)],
      [empty, message, signature],
      [key.slice(1), message, signature],
      [new Uint8Array(key.length), message, signature],
    ]
    for (const one of cases) expect(await serverSignatureHolds(...one)).toBe(false)
  })
})
