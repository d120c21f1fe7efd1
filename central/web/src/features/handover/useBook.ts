// The open book of the own desk, loaded once for all that shows it and again whenever the desk changes.
import { effectScope, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import type { Book } from './types'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { useSession } from '@/stores/session'

export interface OwnBook {
  book: ShallowRef<Book | undefined>
  failure: ShallowRef<unknown>
  loading: Ref<boolean>
  load: () => Promise<void>
}

const book = shallowRef<Book>()
const failure = shallowRef<unknown>()
const loading = ref(false)
let following = false

async function load(): Promise<void> {
  if (!useSession().can('duty.log')) return
  loading.value = true
  try {
    book.value = await answer(api.GET('/handover', { params: { query: {} } }))
    failure.value = undefined
  } catch (error) {
    failure.value = error // what is shown stays, and says that it may be old
  } finally {
    loading.value = false
  }
}

export function useBook(): OwnBook {
  if (!following) {
    following = true
    const live = useLive()
    const session = useSession()
    effectScope(true).run(() => {
      watch([live.desk, live.duty, () => session.user?.id], ([, , user], before) => {
        if (before[2] !== user) book.value = undefined // the next person may belong to another desk
        void load()
      }, { immediate: true })
    })
  }
  return { book, failure, loading, load }
}
