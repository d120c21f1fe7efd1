// The reports of the own desk, loaded once for all that shows them and again whenever something changes.
import { computed, effectScope, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import type { Desk, Hop } from './types'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { useSession } from '@/stores/session'

const desk = shallowRef<Desk>()
const failure = shallowRef<unknown>()
let following = false

async function load(): Promise<void> {
  if (!useSession().can('incident.read')) return
  try {
    desk.value = await answer(api.GET('/reports'))
    failure.value = undefined
  } catch (error) {
    failure.value = error // what is shown stays
  }
}

export interface OwnReports {
  desk: ShallowRef<Desk | undefined>
  // waiting are what came from other desks and was not decided yet, those that nobody has opened first.
  waiting: ComputedRef<Hop[]>
  failure: ShallowRef<unknown>
  load: () => Promise<void>
}

const waiting = computed(() => (useSession().can('report.write') ? [...(desk.value?.waiting ?? [])].sort((a, b) => Number(Boolean(a.opened_at)) - Number(Boolean(b.opened_at)) || Date.parse(a.submitted_at) - Date.parse(b.submitted_at)) : []))

export function useReports(): OwnReports {
  if (!following) {
    following = true
    const live = useLive()
    const session = useSession()
    effectScope(true).run(() => {
      watch([live.cases, () => session.user?.id], ([, user], before) => {
        if (before[1] !== user) desk.value = undefined // the next person may belong to another desk
        void load()
      }, { immediate: true })
    })
  }
  return { desk, waiting, failure, load }
}
