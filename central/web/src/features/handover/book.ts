// What a book says, made ready for reading. Pure.
import type { Entry, Shift } from './types'

// A line is an entry as it holds now, with those that it has corrected, the newest first.
export interface Line {
  entry: Entry
  before: Entry[]
}

// linesOf puts corrections in the place of what they correct. The newest line comes first.
export function linesOf(entries: readonly Entry[]): Line[] {
  const byId = new Map(entries.map((e) => [e.id, e]))
  const lines: Line[] = []
  for (const entry of entries) {
    if (entry.corrected && byId.has(entry.corrected)) continue
    const before: Entry[] = []
    for (let old = byId.get(entry.corrects); old; old = byId.get(old.corrects)) before.push(old)
    lines.push({ entry, before })
  }
  return lines.sort((a, b) => Date.parse(b.entry.at) - Date.parse(a.entry.at) || b.entry.no - a.entry.no)
}

// lateOf reads what the desk wrote when nobody had taken over: when that was due and who was asked.
export function lateOf(entry: Entry): { due: Date; to: string; names: string } {
  const [due = '', to = '', names = ''] = entry.text.split('|')
  return { due: new Date(due), to, names }
}

// written by themselves: what the shift did in other rooms. Their text begins with the act.
const acted = ['inbox', 'report', 'task', 'rollcall']

// actOf reads what was done in another room; nothing for what people write.
export function actOf(entry: Entry): { act: string; text: string } | undefined {
  if (!acted.includes(entry.kind)) return undefined
  const [act = '', ...rest] = entry.text.split('|')
  return { act, text: rest.join('|') }
}

// placeOf is the page of what a line is about, which its source names first.
export function placeOf(entry: Entry): string | undefined {
  if (!actOf(entry)) return undefined
  const [room = '', id = ''] = entry.source.split(' ')
  return { inbox: '/incident/inbox', incident: `/incident/${id}`, report: `/report/${id}`, rollcall: '/more/rollcall' }[room]
}

// lateBy is for how long a handover is overdue; 0 while it is not.
export function lateBy(shift: Shift | undefined, now: number): number {
  return shift?.due_at ? Math.max(0, now - Date.parse(shift.due_at)) : 0
}
