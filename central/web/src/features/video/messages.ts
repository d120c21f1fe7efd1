// The messages to the crews at scenes, as the centre last said; asked for again when it tells that something became of one.
import { computed } from 'vue'
import { useAsk } from '@/api/ask'
import { answer, api } from '@/api/client'
import { useLive } from '@/api/live'
import type { CrewMessage } from '@/api/types'

export interface Step {
  // word is what has become of it, as the end of a key; at is when, empty while it has not.
  word: string
  at: string
}

// stepsOf is how far a message has come, in the order of its way: what has been reached with its time, and what it waits
// for without one.
export function stepsOf(m: CrewMessage): Step[] {
  const steps: Step[] = [{ word: 'sent', at: m.at }]
  if (m.delivered_at || m.state === 'sent') steps.push({ word: m.kind === 'phone' ? 'delivered_phone' : 'delivered', at: m.delivered_at ?? '' })
  if (m.shown_at) steps.push({ word: m.shown_by === 'page' ? 'shown_page' : m.shown_by === 'phone' ? 'shown_phone' : 'shown', at: m.shown_at })
  else if (m.state === 'delivered') steps.push({ word: 'shown', at: '' })
  if (m.ended_at) steps.push({ word: m.state, at: m.ended_at })
  else if (m.confirm && m.state === 'shown') steps.push({ word: 'confirmed', at: '' })
  return steps
}

// waits reports whether something has still to become of it.
export const waits = (m: CrewMessage): boolean => m.state === 'sent' || m.state === 'delivered' || (m.state === 'shown' && m.confirm)

// newKey is what makes a second sending of the same draft no second message.
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, '0')).join('')
}

// useMessages are those of an incident, or of one scene, or all.
export function useMessages(of: () => { target?: string; incident_id?: string }) {
  const live = useLive()
  const { value, failure, reload: load } = useAsk(() => JSON.stringify(of()), async (signal) => (await answer(api.GET('/crew-messages', { params: { query: of() }, signal }))).items ?? [], { tick: () => live.crew.value })
  return { messages: computed(() => value.value ?? []), failure, load }
}
