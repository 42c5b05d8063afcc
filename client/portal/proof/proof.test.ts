import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromBase64, toBase64 } from '@/shared/bytes'
import { encode, type Field } from '@/shared/codec'
import { checkProof, ProofFault } from './check'
import { decode } from './frame'

interface Vectors {
  public_hex: string
  origin: string
  stream_id: string
  proofs: { name: string; text: string; index: number; size: number; cosigned: number }[]
}

const VECTORS = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../tests/vectors/receipt.json'), 'utf8'),
) as Vectors
const WHOLE = VECTORS.proofs[0]!.text
const LINES = WHOLE.split('\n')

async function fault(text: string, trusted = VECTORS.public_hex): Promise<string> {
  try {
    await checkProof(text, trusted)
    return 'none'
  } catch (problem) {
    return problem instanceof ProofFault ? problem.fault : String(problem)
  }
}

describe('a proof in the browser', () => {
  it.each(VECTORS.proofs)('$name holds', async (one) => {
    const found = await checkProof(one.text, VECTORS.public_hex)
    expect(found.proof.stated).toMatchObject({
      origin: VECTORS.origin,
      stream_id: VECTORS.stream_id,
      count: 42,
    })
    expect([found.proof.index, found.proof.size]).toEqual([one.index, one.size])
    expect(found.cosigned).toBe(one.cosigned)
    expect(found.compared).toBe(true)
  })

  it('does not compare a key that it does not know', async () => {
    expect((await checkProof(WHOLE, null)).compared).toBe(false)
    expect(await fault(WHOLE, '00'.repeat(32))).toBe('trust')
  })

  it('forgives line ends and a lost newline', async () => {
    expect(await fault(WHOLE.trimEnd().replaceAll('\n', '\r\n'))).toBe('none')
  })

  // Cosignatures are another matter: without the witnesses' keys they are counted, not checked.
  const OWN = LINES.slice(0, -1).flatMap((line, at) => (line.startsWith('— witness') ? [] : [at]))

  it.each(OWN)('finds line %i changed, dropped or doubled', async (at) => {
    const line = LINES[at]!
    const end = line.length - 1
    const turned = line === '' ? 'x' : (line.startsWith('A') ? 'B' : 'A') + line.slice(1)
    const inner = line.slice(0, end) + (line[end] === '1' ? '2' : '1')
    for (const spoilt of [[turned], [inner], [], [line, line + line.slice(0, 1)]]) {
      const text = [...LINES.slice(0, at), ...spoilt, ...LINES.slice(at + 1)].join('\n')
      expect(await fault(text), `${at}: ${spoilt.join('|')}`).not.toBe('none')
    }
  })

  it.each([
    [253_402_300_799_999, 'receipt'],
    [253_402_300_800_000, 'shape'],
    [Number.MAX_SAFE_INTEGER, 'shape'],
  ])('takes no instant behind the year 9999: %i', async (at_ms, expected) => {
    const [frame, ...rest] = decode('receipt-proof', 1, fromBase64(LINES[1]!.slice(6)))
    const stated = decode('receipt', 1, frame as Uint8Array).slice(0, 4)
    const forged = encode('receipt', 1, [...stated, at_ms] as Field[])
    const extra = toBase64(encode('receipt-proof', 1, [forged, ...rest] as Field[]))
    expect(await fault([LINES[0], `extra ${extra}`, ...LINES.slice(2)].join('\n'))).toBe(expected)
  })

  it.each(['', 'K7QM-2F9D-XW3R', 'x'.repeat(70_000)])(
    'takes nothing else for a proof',
    async (text) => {
      expect(await fault(text)).toBe('shape')
    },
  )
})
