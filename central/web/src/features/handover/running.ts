// What runs at a desk when it changes hands, beside what was ticked as open: incidents, reports and tasks. Pure.
import type { Due } from './useDue'
import type { components } from '@/api/schema'

type S = components['schemas']
type Hop = S['ReportHop']

// cameBack leaves, of the hops that a desk has sent, those that the desk above returned and that nobody has done again.
export function cameBack(sent: readonly Hop[]): Hop[] {
  const again = (h: Hop) => sent.some((o) => o.id !== h.id && o.incident_id === h.incident_id && o.kind === 'up' && Date.parse(o.submitted_at) >= Date.parse(h.decided_at ?? ''))
  return sent.filter((h) => h.kind === 'up' && h.decision === 'returned' && !again(h))
}

export interface Running {
  key: string
  kind: 'alarm' | 'incident' | 'clock' | 'returned' | 'draft' | 'task' | 'ordered' | 'answered'
  what: string
  due?: string
}

export interface Sources {
  org: string
  alarms: readonly { id: string; what: string }[] // that nobody has confirmed
  incidents: readonly Pick<S['Incident'], 'id' | 'no' | 'title' | 'org_id'>[]
  clocks: readonly Due[]
  sent: readonly Hop[]
  drafts: readonly Pick<S['ReportVersion'], 'id' | 'title'>[]
  tasks: readonly Pick<S['ReportTask'], 'id' | 'text' | 'leader' | 'state' | 'to_org' | 'from_org' | 'due_at'>[]
}

// runningOf lists what the next officer has to know of: alarms that nobody has confirmed, what is due, then the rest.
export function runningOf({ org, alarms, incidents, clocks, sent, drafts, tasks }: Sources): Running[] {
  const due = [
    ...clocks.filter((c) => c.org_id === org && c.kind.startsWith('report.') && c.kind !== 'report.task').map((c): Running => ({ key: `clock ${c.kind} ${c.id}`, kind: 'clock', what: c.name, due: c.due_at })),
    ...tasks.filter((k) => k.to_org === org && ['given', 'taken', 'sent_back'].includes(k.state)).map((k): Running => ({ key: `task ${k.id}`, kind: 'task', what: `${k.leader}：${k.text}`, due: k.due_at })),
  ].sort((a, b) => Date.parse(a.due ?? '') - Date.parse(b.due ?? ''))
  return [
    ...alarms.map((a): Running => ({ key: `alarm ${a.id}`, kind: 'alarm', what: a.what })),
    ...due,
    ...cameBack(sent).map((h): Running => ({ key: `returned ${h.id}`, kind: 'returned', what: `${h.title}：${h.reason}` })),
    ...drafts.map((d): Running => ({ key: `draft ${d.id}`, kind: 'draft', what: d.title })),
    ...tasks.filter((k) => k.from_org === org && k.to_org !== org && ['given', 'taken', 'sent_back'].includes(k.state)).map((k): Running => ({ key: `ordered ${k.id}`, kind: 'ordered', what: `${k.leader}：${k.text}`, due: k.due_at })),
    ...tasks.filter((k) => k.from_org === org && k.state === 'answered').map((k): Running => ({ key: `answered ${k.id}`, kind: 'answered', what: `${k.leader}：${k.text}` })),
    ...incidents.filter((i) => i.org_id === org).map((i): Running => ({ key: `incident ${i.id}`, kind: 'incident', what: `${i.no} ${i.title}` })),
  ]
}

// early reports whether an outgoing officer signs long before the shift ends.
export const early = (dueAt: string | undefined, now: number): boolean => dueAt !== undefined && Date.parse(dueAt) - now > 30 * 60_000
