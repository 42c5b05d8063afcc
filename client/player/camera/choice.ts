/** Which of several cameras this machine uses; the choice stays on the machine for all candidates. */
const KEPT = 'gongyuan.camera'

export interface CameraName {
  device_id: string
  label: string
}

/** The connected cameras; an unnamed one is not listed. */
export async function listCameras(devices: MediaDevices): Promise<CameraName[]> {
  const all = await devices.enumerateDevices().catch(() => [])
  return all
    .filter((one) => one.kind === 'videoinput' && one.deviceId !== '')
    .map(({ deviceId, label }) => ({ device_id: deviceId, label }))
}

export function chosenHere(): string | null {
  try {
    return localStorage.getItem(KEPT)
  } catch {
    return null
  }
}

export function keepChosen(device_id: string): void {
  try {
    localStorage.setItem(KEPT, device_id)
  } catch {
    // A computer that keeps nothing asks for any camera next time.
  }
}
