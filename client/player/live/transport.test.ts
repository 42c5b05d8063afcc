import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ServerClock } from '../clock'
import type { LiveMessage } from '../transport'
import { Server } from './server'
import { LiveTransport } from './transport'

const AWAY = { code: 'storage.unavailable', kind: 'unavailable', params: {}, rows: [] }

/** A line that never comes up, as while the server's database is away. */
class NoLine {
  static readonly OPEN = 1
  readyState = 0
  onclose: ((event: { code: number }) => void) | null = null
  constructor() {
    setTimeout(() => this.onclose?.({ code: 1006 }), 1)
  }
  close(): void {
    this.onclose?.({ code: 1006 })
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', NoLine)
  vi.stubGlobal('window', new EventTarget())
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** What is heard of the link in six seconds without a line. */
async function heardOf(reply: () => Response | Promise<Response>): Promise<LiveMessage[]> {
  const clock = new ServerClock()
  const fetching = (): Promise<Response> => Promise.resolve(reply())
  const server = new Server(clock, { baseUrl: 'http://localhost', fetch: fetching })
  server.token = 'token'
  const transport = new LiveTransport(server, clock, 'ws://localhost')
  const heard: LiveMessage[] = []
  transport.listen((message) => heard.push(message))
  transport.open()
  await vi.advanceTimersByTimeAsync(6000)
  transport.close()
  return heard
}

describe('the link without a line', () => {
  it('is down while nobody answers', async () => {
    const heard = await heardOf(() => Promise.reject(new TypeError('no network')))
    expect(heard).toEqual([{ type: 'link', up: false }])
  })

  it('is there when our server says that it cannot read its own storage', async () => {
    const body = { ...AWAY, message: { zh: '存储', en: 'storage' } }
    const heard = await heardOf(() => Response.json(body, { status: 503 }))
    expect(heard).toEqual([{ type: 'link', up: true, isAway: true }])
  })
})
