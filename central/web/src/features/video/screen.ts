// The second screen: a window of its own that shows what is sent to it, kept on this computer.
import { useLocalStorage } from '@vueuse/core'
import type { Ref } from 'vue'
import { put, readLayout, type Layout } from './layout'

const address = '/screen'

export function useScreen(): Ref<string> {
  return useLocalStorage('fengsui.video.screen', '')
}

// openScreen opens the window, or brings it to the front. One that shows pictures is not loaded anew: it hears of the next
// by what is kept, and shows nothing while it loads. It tells whether the browser let it.
export function openScreen(): boolean {
  const there = globalThis.open('', 'fengsui-screen', 'popup,width=1280,height=760')
  if (!there) return false
  if (there.location.pathname !== address) there.location.href = address
  there.focus()
  return true
}

// shown is the layout of the second screen with one more camera: the large picture, whatever was there before.
export function shown(stored: string, camera: string): Layout {
  const now = readLayout(stored || '{"size":1}')
  return put(now, 0, camera)
}
