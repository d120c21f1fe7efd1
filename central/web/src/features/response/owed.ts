// Reports that responses owe: what is still due, the first to come before the others. Pure.
import type { Owed } from './types'

export const due = (list: readonly Owed[]): Owed[] => list.filter((o) => o.state === 'due').toSorted((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at))

export const late = (o: Owed, now: number): boolean => o.state === 'due' && Date.parse(o.due_at) <= now

// newest first: those that are due by their time, then what is over by when it ended.
export function told(list: readonly Owed[]): Owed[] {
  const over = list.filter((o) => o.state !== 'due').toSorted((a, b) => Date.parse(b.ended_at ?? b.due_at) - Date.parse(a.ended_at ?? a.due_at))
  return [...due(list), ...over]
}
