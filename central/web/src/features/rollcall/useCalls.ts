// The roll-calls that ask the own desk now, loaded again whenever the desk changes.
import { effectScope, shallowRef, watch, type ShallowRef } from 'vue'
import type { Post } from './types'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { useSession } from '@/stores/session'

const posts = shallowRef<Post[]>([])
let following = false

export async function loadCalls(): Promise<void> {
  if (!useSession().can('duty.log')) {
    posts.value = []
    return
  }
  try {
    posts.value = (await answer(api.GET('/rollcalls/mine'))).items ?? []
  } catch {
    // What is shown stays; the frame says that the centre is away.
  }
}

export function useCalls(): ShallowRef<Post[]> {
  if (!following) {
    following = true
    const live = useLive()
    const session = useSession()
    effectScope(true).run(() => watch([live.desk, () => session.user?.id], () => void loadCalls(), { immediate: true }))
  }
  return posts
}
