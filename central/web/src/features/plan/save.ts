// A document that the centre makes takes seconds: it is asked for, waited for, and then kept as a file.
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

export interface Saving {
  busy: Ref<string>
  failure: ShallowRef<unknown>
  // missing are the characters that no font of the centre has.
  missing: Ref<string>
  save: (key: string, ask: () => Promise<{ data?: unknown; response: Response }>) => Promise<void>
}

// nameOf is the name that the centre gave to a file.
export function nameOf(disposition: string | null): string {
  const name = /filename\*=utf-8''([^;]+)/i.exec(disposition ?? '')?.[1]
  try {
    return name ? decodeURIComponent(name) : 'plan'
  } catch {
    return 'plan'
  }
}

// useSave does one at a time; busy is the key of that one.
export function useSave(): Saving {
  const busy = ref('')
  const failure = shallowRef<unknown>()
  const missing = ref('')
  async function save(key: string, ask: () => Promise<{ data?: unknown; response: Response }>): Promise<void> {
    if (busy.value) return
    busy.value = key
    failure.value = undefined
    missing.value = ''
    try {
      const { data, response } = await ask()
      const link = document.createElement('a')
      link.href = URL.createObjectURL(data as Blob)
      link.download = nameOf(response.headers.get('Content-Disposition'))
      link.click()
      URL.revokeObjectURL(link.href)
      missing.value = decodeURIComponent(response.headers.get('Fengsui-Missing') ?? '')
    } catch (error) {
      failure.value = error
    } finally {
      busy.value = ''
    }
  }
  return { busy, failure, missing, save }
}
