// Acknowledging an alarm: the one place that asks for it and tells the live view what came of it.
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { Alarm } from '@/api/types'

export function useAcknowledge(): (alarm: Alarm, note: string) => Promise<Alarm> {
  const live = useLive()
  return async (alarm, note) => {
    const done = await answer(api.POST('/alarms/{id}/ack', { params: { path: { id: alarm.id } }, body: { note } }))
    if (done.state === 'cleared') live.alarms.delete(done.id)
    else live.alarms.set(done.id, done)
    return done
  }
}
