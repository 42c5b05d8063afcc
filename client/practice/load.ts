/** Something that is read once and may fail. */
import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

export interface Loaded<Value> {
  value: ShallowRef<Value | null>
  error: Ref<unknown>
  busy: Ref<boolean>
  read: () => Promise<void>
}

export function useLoaded<Value>(source: () => Promise<Value>): Loaded<Value> {
  const value = shallowRef<Value | null>(null)
  const error = ref<unknown>(null)
  const busy = ref(false)
  async function read(): Promise<void> {
    busy.value = true
    error.value = null
    try {
      value.value = await source()
    } catch (problem) {
      error.value = problem
    }
    busy.value = false
  }
  onMounted(read)
  return { value, error, busy, read }
}
