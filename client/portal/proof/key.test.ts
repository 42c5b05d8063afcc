import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { keyOf } from './key'

const { witnesses } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../tests/vectors/receipt.json'), 'utf8'),
) as { witnesses: string[] }

describe("a log's verifier key", () => {
  it('gives the public key', () => {
    for (const text of witnesses) expect(keyOf(`${text}\n`)).toMatch(/^[0-9a-f]{64}$/)
  })

  it('is nothing else', () => {
    expect(() => keyOf('<html>')).toThrow(RangeError)
  })
})
