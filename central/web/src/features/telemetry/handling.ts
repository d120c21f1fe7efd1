// What a person does with an alarm: the one place that asks for it and tells the live view what came of it.
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import { answered } from '@/api/livestate'
import type { Alarm } from '@/api/types'

export interface Handling {
  acknowledge: (alarm: Alarm, note: string) => Promise<Alarm>
  comment: (alarm: Alarm, note: string) => Promise<Alarm>
  shelve: (alarm: Alarm, reason: string, until: Date) => Promise<Alarm>
  unshelve: (alarm: Alarm) => Promise<Alarm>
  escalate: (alarm: Alarm, note: string) => Promise<Alarm>
}

export function useHandling(): Handling {
  const live = useLive()
  const of = (alarm: Alarm) => ({ path: { id: alarm.id } })
  function told(done: Alarm): Alarm {
    answered(live, done)
    return done
  }
  return {
    acknowledge: async (alarm, note) => told(await answer(api.POST('/alarms/{id}/ack', { params: of(alarm), body: { note } }))),
    comment: async (alarm, note) => told(await answer(api.POST('/alarms/{id}/comments', { params: of(alarm), body: { note } }))),
    shelve: async (alarm, reason, until) => told(await answer(api.POST('/alarms/{id}/shelf', { params: of(alarm), body: { reason, until: until.toISOString() } }))),
    escalate: async (alarm, note) => told(await answer(api.POST('/alarms/{id}/escalation', { params: of(alarm), body: { note } }))),
    unshelve: async (alarm) => told(await answer(api.DELETE('/alarms/{id}/shelf', { params: of(alarm) }))),
  }
}
