/**
 * Checks a receipt's proof in the browser, without network: SHA-256 by WebCrypto, Ed25519 by
 * `shared/server-signature.ts`, because Chromium 109 has none.
 */
import { sha256, toHex } from '@/shared/bytes'
import { concat, encode } from '@/shared/codec'
import { serverSignatureHolds } from '@/shared/server-signature'
import { parseProof, type ProofText } from './text'

export type Fault = 'shape' | 'trust' | 'receipt' | 'checkpoint' | 'inclusion'

/** The first thing that does not hold. */
export class ProofFault extends Error {
  readonly fault: Fault

  constructor(fault: Fault) {
    super(fault)
    this.fault = fault
  }
}

export interface Checked {
  proof: ProofText
  public_hex: string
  /** Signature lines of others than the log; their keys are not known here. */
  cosigned: number
  /** Whether the log's key was compared with one that the page had. */
  compared: boolean
}

/** `trusted` is the log's public key in hex, null where it is not known. Throws ProofFault. */
export async function checkProof(text: string, trusted: string | null): Promise<Checked> {
  const proof = parsed(text)
  const public_hex = toHex(proof.public_key)
  if (trusted !== null && trusted !== public_hex) throw new ProofFault('trust')
  if (!(await serverSignatureHolds(proof.public_key, proof.frame, proof.signature))) {
    throw new ProofFault('receipt')
  }
  await checkNote(proof)
  const { stream_id, count, head } = proof.stated
  const leaf = await sha256(
    concat([Uint8Array.of(0), encode('tree-leaf', 1, [stream_id, count, head])]),
  )
  const root = await rootOf(leaf, proof.index, proof.size, proof.path)
  if (root === null || toHex(root) !== toHex(proof.root)) throw new ProofFault('inclusion')
  const cosigned = proof.lines.filter((line) => line.name !== proof.stated.origin).length
  return { proof, public_hex, cosigned, compared: trusted !== null }
}

function parsed(text: string): ProofText {
  try {
    return parseProof(text)
  } catch {
    throw new ProofFault('shape')
  }
}

async function checkNote(proof: ProofText): Promise<void> {
  const { origin } = proof.stated
  if (proof.origin !== origin) throw new ProofFault('checkpoint')
  const bytes = new TextEncoder()
  const name = bytes.encode(`${origin}\n`)
  const id = (await sha256(concat([name, Uint8Array.of(1), proof.public_key]))).slice(0, 4)
  const mine = proof.lines.filter((line) => line.name === origin && toHex(line.id) === toHex(id))
  if (mine.length === 0) throw new ProofFault('checkpoint')
  for (const line of mine) {
    if (!(await serverSignatureHolds(proof.public_key, bytes.encode(proof.note), line.value))) {
      throw new ProofFault('checkpoint')
    }
  }
}

/** The root that an audit path leads to (RFC 9162, 2.1.3.2); null when its length does not fit. */
export async function rootOf(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Promise<Uint8Array | null> {
  if (index >= size) return null
  let [at, last, found] = [index, size - 1, leaf]
  for (const step of path) {
    if (last === 0) return null
    const right = at % 2 === 1 || at === last
    found = await sha256(concat(right ? [NODE, step, found] : [NODE, found, step]))
    if (right) {
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    }
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 ? found : null
}

const NODE = Uint8Array.of(1)
