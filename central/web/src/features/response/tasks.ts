// Tasks in the order in which somebody looks at them. Pure.
import type { Step, Task } from './types'

export const groups = ['late', 'given', 'accepted', 'started', 'done', 'void'] as const
export type Group = (typeof groups)[number]

// groupOf is the column of a task: what is late stands first, whatever its state.
export function groupOf(task: Pick<Task, 'state' | 'due_at' | 'late_at'>, now: number): Group {
  if (task.state === 'done' || task.state === 'needless') return 'done'
  if (task.state === 'void') return 'void'
  if (task.late_at || Date.parse(task.due_at) < now) return 'late'
  return task.state === 'started' ? 'started' : task.state === 'accepted' ? 'accepted' : 'given'
}

export function grouped<T extends Pick<Task, 'state' | 'due_at' | 'late_at'>>(tasks: readonly T[], now: number): Record<Group, T[]> {
  const out: Record<Group, T[]> = { late: [], given: [], accepted: [], started: [], done: [], void: [] }
  for (const task of tasks) out[groupOf(task, now)].push(task)
  return out
}

// stepsOf are the steps that may follow; the first is the one that is expected.
export function stepsOf(task: Pick<Task, 'state' | 'condition' | 'action_id'>): Step[] {
  const needless: Step[] = task.condition || !task.action_id ? ['needless'] : []
  if (task.state === 'given') return ['accept', 'start', 'done', 'note', ...needless]
  if (task.state === 'accepted') return ['start', 'done', 'note', ...needless]
  if (task.state === 'started') return ['done', 'note', ...needless]
  return task.state === 'void' ? [] : ['note', 'reopen']
}
