import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ServerClock } from './clock'
import { dueReminder_s, isOver, left_ms } from './exam/timing'

/** A monotonic clock under the test's hand and a server whose clock stands `ahead` of it. */
function world(ahead: number): {
  clock: ServerClock
  pass: (ms: number) => void
  exchange: (there_ms: number, back_ms: number) => void
  server: () => number
} {
  let at = 1000
  const clock = new ServerClock(() => at)
  return {
    clock,
    pass: (ms) => (at += ms),
    exchange: (there_ms, back_ms) => {
      const sent = at
      at += there_ms
      const said = at + ahead
      at += back_ms
      clock.sample(sent, said)
    },
    server: () => at + ahead,
  }
}

describe("the server's clock", () => {
  it('is exact after one even exchange', () => {
    const { clock, exchange, server } = world(1_700_000_000_000)
    expect(clock.isSet).toBe(false)
    exchange(20, 20)
    expect(clock.now()).toBe(server())
  })

  it('is never off by more than half of the shortest round trip', () => {
    const trip = fc.tuple(fc.nat(900), fc.nat(900))
    fc.assert(
      fc.property(fc.array(trip, { minLength: 1, maxLength: 8 }), (trips) => {
        const { clock, exchange, pass, server } = world(5_000_000)
        for (const [there, back] of trips) {
          exchange(there, back)
          pass(20_000)
        }
        const best = Math.min(...trips.map(([there, back]) => there + back))
        expect(Math.abs(clock.now() - server())).toBeLessThanOrEqual(best / 2 + 1)
      }),
    )
  })

  it('moves slowly for a small correction', () => {
    const { clock, exchange, pass, server } = world(5_000_000)
    exchange(0, 800)
    const off = server() - clock.now()
    exchange(5, 5)
    expect(Math.abs(server() - clock.now())).toBeGreaterThan(Math.abs(off) - 60)
    pass(10_000)
    expect(Math.abs(server() - clock.now())).toBeLessThan(6)
  })

  it('jumps when it is far off', () => {
    let ahead = 0
    let at = 0
    const clock = new ServerClock(() => at)
    clock.sample(0, 1_000_000)
    ahead = 60_000
    at = 10
    clock.sample(0, 1_000_010 + ahead)
    expect(Math.abs(clock.now() - 1_060_010)).toBeLessThan(20)
  })
})

describe('the time left', () => {
  it('stands still while paused and never ends then', () => {
    const timing = { deadline_ms: 1000, paused_at_ms: 400, now_ms: 5000 }
    expect(left_ms(timing)).toBe(600)
    expect(isOver({ ...timing, paused_at_ms: 1000 })).toBe(false)
  })

  it('ends at the deadline, not before', () => {
    expect(isOver({ deadline_ms: 1000, paused_at_ms: null, now_ms: 999 })).toBe(false)
    expect(isOver({ deadline_ms: 1000, paused_at_ms: null, now_ms: 1000 })).toBe(true)
    expect(isOver({ deadline_ms: null, paused_at_ms: null, now_ms: 1000 })).toBe(false)
  })

  it('reminds once at each threshold, and once after a long sleep', () => {
    const list = [900, 300, 60]
    expect(dueReminder_s(list, 900_001, 900_000)).toBe(900)
    expect(dueReminder_s(list, 900_000, 899_000)).toBeNull()
    expect(dueReminder_s(list, 1_000_000, 30_000)).toBe(60)
    expect(dueReminder_s(list, 61_000, 0)).toBeNull()
  })
})
