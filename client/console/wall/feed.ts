/** What the wall shows, live: a socket that comes back, and reading over HTTP while it is away. */
import { onMounted, onUnmounted, shallowReactive } from 'vue'
import { get } from '../call'
import type { Wall } from '../contract/day'
import { token } from '../identity'
import { ageOf, hear, serverNow, type Heard } from './freshness'

const POLL_MS = 3000
const DEAD_MS = 8000
const BACKOFF_MS = { first: 500, most: 15_000 }
const TICK_MS = 500

export interface Feed {
  wall: Wall | null
  error: unknown
  link: 'live' | 'polling'
  age_ms: number
  now_ms: number
  reload: () => Promise<void>
}

export function useFeed(session_id: string, room_id: string): Feed {
  const path = `/api/sessions/${session_id}/rooms/${room_id}/wall`
  let heard: Heard | null = null
  let socket: WebSocket | null = null
  let tries = 0
  let lastMessage = performance.now()
  let ended = false
  const timers: number[] = []
  const feed: Feed = shallowReactive({
    wall: null,
    error: null,
    link: 'polling',
    age_ms: 0,
    now_ms: 0,
    reload,
  })

  function took(server_ms: number): void {
    heard = hear(heard, server_ms, performance.now())
    tick()
  }

  function tick(): void {
    if (heard === null) return
    feed.age_ms = ageOf(heard, performance.now())
    feed.now_ms = serverNow(heard, performance.now())
  }

  function show(wall: Wall): void {
    // A slow answer over HTTP must not replace what the socket brought meanwhile.
    if (feed.wall === null || wall.server_ms >= feed.wall.server_ms) feed.wall = wall
    feed.error = null
    took(wall.server_ms)
  }

  async function reload(): Promise<void> {
    try {
      const wall = await get<Wall>(path)
      if (!ended) show(wall)
    } catch (error) {
      feed.error = error
    }
  }

  function connect(): void {
    if (ended) return
    const address = `${location.origin.replace(/^http/, 'ws')}${path}/live`
    const mine = new WebSocket(address)
    socket = mine
    lastMessage = performance.now()
    mine.onopen = () => {
      mine.send(JSON.stringify({ type: 'hello', token: token() ?? '' }))
    }
    mine.onmessage = (event: MessageEvent<string>) => {
      if (mine === socket) read(event.data)
    }
    mine.onclose = () => {
      if (mine === socket) lost()
    }
  }

  function read(text: string): void {
    const message = JSON.parse(text) as { type: string; server_ms?: number } & Partial<Wall>
    lastMessage = performance.now()
    if (message.type === 'wall') {
      tries = 0
      feed.link = 'live'
      show(message as Wall)
    } else if (message.type === 'tick' && message.server_ms !== undefined) took(message.server_ms)
  }

  function lost(): void {
    socket = null
    feed.link = 'polling'
    if (ended) return
    const most = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** tries)
    tries += 1
    timers.push(window.setTimeout(connect, most / 2 + Math.random() * (most / 2)))
  }

  function watch(): void {
    tick()
    // A socket that says nothing is dead, whatever its state says.
    if (socket !== null && performance.now() - lastMessage > DEAD_MS) {
      const dead = socket
      lost()
      dead.close()
    }
  }

  onMounted(() => {
    void reload()
    connect()
    timers.push(
      window.setInterval(watch, TICK_MS),
      window.setInterval(() => {
        if (feed.link === 'polling') void reload()
      }, POLL_MS),
    )
  })
  onUnmounted(() => {
    ended = true
    for (const timer of timers) window.clearTimeout(timer)
    socket?.close()
  })
  return feed
}
