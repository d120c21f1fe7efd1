// What terminals still hold of their readings, as far as anybody knows. Pure.
import type { Device } from '@/api/types'

export interface Backlog {
  records: number // at the terminals that are heard
  oldest?: number // of these, Unix milliseconds
  lost: number // terminals that are not heard: nobody knows what they hold
  since?: number // when the first of them was heard last
}

// backlogOf adds up what terminals say; the last word of one that is cut off says nothing about now.
export function backlogOf(edges: readonly Device[]): Backlog {
  const out: Backlog = { records: 0, lost: 0 }
  for (const { state, agent, last_seen: seen } of edges) {
    if (state === 'offline') {
      out.lost++
      if (seen) out.since = Math.min(out.since ?? Infinity, Date.parse(seen))
    } else if (agent) {
      out.records += agent.backlog.records
      if (agent.backlog.oldest) out.oldest = Math.min(out.oldest ?? Infinity, agent.backlog.oldest)
    }
  }
  return out
}
