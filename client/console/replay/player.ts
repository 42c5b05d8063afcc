/** Playing: the moment asked for, and the newest frame the server gave for it. */
import { onUnmounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { get } from '../call'
import type { Course, Frame } from '../contract/replay'
import { clamp } from './timeline'

const BEAT_MS = 250

export interface Player {
  at_ms: Ref<number>
  frame: ShallowRef<Frame | null>
  error: ShallowRef<unknown>
  playing: Ref<boolean>
  speed: Ref<number>
  seek: (at_ms: number) => void
  toggle: () => void
}

/** One question at a time is on the way; when it comes back, the newest wish is asked. */
export function usePlayer(course: Course, look_id: string): Player {
  const at_ms = ref(course.from_ms)
  const frame = shallowRef<Frame | null>(null)
  const error = shallowRef<unknown>(null)
  const playing = ref(false)
  const speed = ref(1)
  let asking = false
  let ended = false
  let timer = 0

  async function ask(): Promise<void> {
    if (asking) return
    asking = true
    try {
      let wanted = -1
      while (!ended && wanted !== at_ms.value) {
        wanted = at_ms.value
        frame.value = await get<Frame>(`/api/replays/${look_id}/frame`, { at_ms: wanted })
        error.value = null
      }
    } catch (fault) {
      error.value = fault
      stop()
    } finally {
      asking = false
    }
  }

  function seek(to_ms: number): void {
    at_ms.value = Math.round(clamp(course, to_ms))
    void ask()
  }

  function stop(): void {
    playing.value = false
    window.clearInterval(timer)
  }

  function toggle(): void {
    if (playing.value) {
      stop()
      return
    }
    if (at_ms.value >= course.to_ms) at_ms.value = course.from_ms
    playing.value = true
    let before = performance.now()
    timer = window.setInterval(() => {
      const now = performance.now()
      seek(at_ms.value + (now - before) * speed.value)
      before = now
      if (at_ms.value >= course.to_ms) stop()
    }, BEAT_MS)
  }

  onUnmounted(() => {
    ended = true
    stop()
  })
  return { at_ms, frame, error, playing, speed, seek, toggle }
}
