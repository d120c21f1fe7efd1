// What runs at the own desk, asked for once when a handover is signed.
import { onMounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { runningOf, type Running } from './running'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { calls } from '@/features/telemetry/alarm'
import { useAlarmWords } from '@/features/telemetry/words'
import { full } from '@/i18n/time'
import { useSession } from '@/stores/session'
import { useBelow } from '@/ui/below'

export interface OwnRunning {
  list: ShallowRef<Running[]>
  failure: ShallowRef<unknown>
  ready: Ref<boolean>
  sentence: (r: Running) => string
}

export function useRunning(org: string): OwnRunning {
  const { t } = useI18n()
  const session = useSession()
  const live = useLive()
  const words = useAlarmWords()
  const isBelow = useBelow()
  const list = shallowRef<Running[]>([])
  const failure = shallowRef<unknown>()
  const ready = ref(false)

  async function load(): Promise<void> {
    const none = { items: [] }
    const sees = session.can('incident.read')
    try {
      const [incidents, clocks, desk, tasks] = await Promise.all([
        sees ? answer(api.GET('/incidents', { params: { query: { state: 'open', limit: 200 } } })) : none,
        session.can('duty.read') ? answer(api.GET('/deadlines')) : none,
        sees ? answer(api.GET('/reports')) : undefined,
        sees ? answer(api.GET('/report-tasks', { params: { query: {} } })) : none,
      ])
      const alarms = [...live.alarms.values()].filter((a) => calls(a) && !isBelow(a)).map((a) => ({ id: a.id, what: words.heading(a) }))
      list.value = runningOf({ org, alarms, incidents: incidents.items ?? [], clocks: clocks.items ?? [], sent: desk?.sent ?? [], drafts: desk?.drafts ?? [], tasks: tasks.items ?? [] })
      ready.value = true
    } catch (error) {
      failure.value = error
    }
  }
  onMounted(load)
  const sentence = (r: Running) => `${t(`handover.running.${r.kind}`)} ${r.what}${r.due ? ` · ${t('desk.due.at', { time: full(new Date(r.due)) })}` : ''}`
  return { list, failure, ready, sentence }
}
