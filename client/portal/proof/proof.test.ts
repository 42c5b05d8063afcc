import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkProof, ProofFault } from './check'

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

  it.each(['', 'K7QM-2F9D-XW3R', 'x'.repeat(70_000)])(
    'takes nothing else for a proof',
    async (text) => {
      expect(await fault(text)).toBe('shape')
    },
  )
})
