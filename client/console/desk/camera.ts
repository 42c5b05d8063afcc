/** The desk's camera: opening it, saying why it cannot open, taking one JPEG frame. */
import { onUnmounted, shallowReactive, type ShallowRef } from 'vue'

export type CameraState =
  'off' | 'opening' | 'on' | 'insecure' | 'denied' | 'busy' | 'none' | 'lost'

export interface Camera {
  state: CameraState
  open: () => Promise<void>
  close: () => void
  take: () => Promise<Blob>
}

const WIDTH_PX = 1280
const HEIGHT_PX = 720
const QUALITY = 0.9
const FAULTS: Record<string, CameraState> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotReadableError: 'busy',
  AbortError: 'busy',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
}

export function useCamera(video: Readonly<ShallowRef<HTMLVideoElement | null>>): Camera {
  let stream: MediaStream | null = null
  let opening = 0
  const camera: Camera = shallowReactive({ state: 'off', open, close, take })

  async function open(): Promise<void> {
    // An insecure address has no `mediaDevices` at all, which the types do not know.
    if (!window.isSecureContext || !('mediaDevices' in navigator)) {
      camera.state = 'insecure'
      return
    }
    if (camera.state === 'on' || camera.state === 'opening') return
    camera.state = 'opening'
    opening += 1
    const mine = opening
    try {
      const got = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: WIDTH_PX }, height: { ideal: HEIGHT_PX } },
      })
      if (mine !== opening) {
        stop(got)
        return
      }
      stream = got
      got.getVideoTracks()[0]?.addEventListener('ended', () => {
        camera.state = 'lost'
      })
      if (video.value !== null) {
        video.value.srcObject = got
        await video.value.play()
      }
      camera.state = 'on'
    } catch (error) {
      camera.state = FAULTS[error instanceof Error ? error.name : ''] ?? 'busy'
    }
  }

  function close(): void {
    opening += 1
    if (stream !== null) stop(stream)
    stream = null
    camera.state = 'off'
  }

  /** The picture as the camera gives it; only the preview is mirrored. */
  async function take(): Promise<Blob> {
    const source = video.value
    if (source === null || source.videoWidth === 0) throw new Error('no picture yet')
    const canvas = document.createElement('canvas')
    canvas.width = source.videoWidth
    canvas.height = source.videoHeight
    canvas.getContext('2d')?.drawImage(source, 0, 0)
    return new Promise((resolve, reject) => {
      canvas.toBlob(
        (blob) => {
          if (blob === null) reject(new Error('no picture'))
          else resolve(blob)
        },
        'image/jpeg',
        QUALITY,
      )
    })
  }

  onUnmounted(close)
  return camera
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop()
}
