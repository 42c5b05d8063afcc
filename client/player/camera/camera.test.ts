import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Refused, Unreachable } from '@/shared/api'
import type { Policy } from '@/shared/contract'
import { openStore, type StoredPiece } from '../answers/store'
import { captureWait_ms } from './duty'
import { Pieces } from './pieces'
import { Sight } from './sight'

const POLICY: Policy = {
  reminders_s: [],
  capture_min_s: 20,
  capture_max_s: 60,
  thumbnail_s: 5,
  segment_s: 20,
}

describe('the wait for the next capture', () => {
  it('lies within the policy', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
        const wait = captureWait_ms(POLICY, chance)
        expect(wait).toBeGreaterThanOrEqual(20_000)
        expect(wait).toBeLessThan(60_000)
      }),
    )
  })
})

describe('a camera', () => {
  const bright = (value: number): Uint8Array => new Uint8Array(12).fill(value)

  it('is blind after ten seconds of black', () => {
    const sight = new Sight()
    expect(sight.isBlind(bright(3), 0)).toBe(false)
    expect(sight.isBlind(bright(5), 8000)).toBe(false)
    expect(sight.isBlind(bright(4), 10_000)).toBe(true)
  })

  it('is blind after ten seconds of exactly the same picture', () => {
    const sight = new Sight()
    expect(sight.isBlind(bright(90), 0)).toBe(false)
    expect(sight.isBlind(bright(90), 9000)).toBe(false)
    expect(sight.isBlind(bright(90), 10_000)).toBe(true)
  })

  it('sees as long as one point changes', () => {
    const sight = new Sight()
    for (let at = 0; at < 20; at += 1) {
      const luma = bright(90)
      luma[3] = at
      expect(sight.isBlind(luma, at * 2000)).toBe(false)
    }
  })
})

describe('recordings on their way', () => {
  let stores = 0
  const soon = (): Promise<void> => new Promise((done) => setTimeout(done, 0))
  const recorded = (name: string): { t0_ms: number; t1_ms: number; data: Blob } => ({
    t0_ms: 1,
    t1_ms: 2,
    data: new Blob([name]),
  })

  beforeEach(() => {
    vi.stubGlobal('navigator', {
      storage: { estimate: () => Promise.resolve({ quota: 1e9, usage: 0 }) },
    })
  })
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  async function bench(
    send: (piece: StoredPiece) => Promise<void>,
    isBusy: () => boolean = () => false,
    epoch = 1,
  ): Promise<{ pieces: Pieces; gaps: () => number }> {
    let gaps = 0
    const store = await openStore(`pieces-${(stores += 1)}`)
    const pieces = new Pieces({
      store,
      sitting_id: 's',
      epoch,
      send,
      isBusy,
      gap: () => (gaps += 1),
      wait: soon,
    })
    return { pieces, gaps: () => gaps }
  }

  async function settled(pieces: Pieces): Promise<void> {
    while ((await pieces.waiting()) > 0) await soon()
  }

  it('go up in order, each until it is there, under its digest', async () => {
    const sent: StoredPiece[] = []
    let tries = 0
    const { pieces, gaps } = await bench((piece) => {
      tries += 1
      if (tries % 2 === 1) return Promise.reject(new Unreachable('lost'))
      sent.push(piece)
      return Promise.resolve()
    })
    for (const name of ['a', 'b', 'c']) await pieces.add(recorded(name))
    await settled(pieces)
    expect(sent.map((piece) => piece.index)).toEqual([0, 1, 2])
    expect(sent[0]?.sha256).toMatch(
      /^ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb/,
    )
    expect(gaps()).toBe(0)
  })

  it('wait while answers wait', async () => {
    let busy = true
    const sent: number[] = []
    const { pieces } = await bench(
      (piece) => {
        sent.push(piece.index)
        return Promise.resolve()
      },
      () => busy,
    )
    await pieces.add(recorded('a'))
    for (let turns = 0; turns < 20; turns += 1) await soon()
    expect(sent).toEqual([])
    busy = false
    await settled(pieces)
    expect(sent).toEqual([0])
  })

  it('are declared as a gap when the server will never take one', async () => {
    const { pieces, gaps } = await bench(() =>
      Promise.reject(new Refused({ code: 'segment.not_webm' })),
    )
    await pieces.add(recorded('a'))
    await settled(pieces)
    expect(gaps()).toBe(1)
  })

  it('wait for a server that can store nothing now, and none is lost', async () => {
    let tries = 0
    const { pieces, gaps } = await bench(() => {
      tries += 1
      if (tries > 2) return Promise.resolve()
      return Promise.reject(new Refused({ code: 'storage.unavailable', kind: 'unavailable' }, 503))
    })
    await pieces.add(recorded('a'))
    await settled(pieces)
    expect([tries, gaps()]).toEqual([3, 0])
  })

  it('are numbered apart on every device of a sitting', async () => {
    const sent: number[] = []
    const { pieces } = await bench(
      (piece) => {
        sent.push(piece.index)
        return Promise.resolve()
      },
      () => false,
      3,
    )
    await pieces.add(recorded('a'))
    await settled(pieces)
    expect(sent).toEqual([2000])
  })
})
