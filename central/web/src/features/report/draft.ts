// What is typed into a draft, and how it is kept: each field with what was seen when it was begun. Pure.
import type { Conflict, Edit } from './types'

// Fields are the fields of a draft by their names, as text.
export type Fields = Readonly<Record<string, string>>

// wrongOf says why a field cannot be kept as it stands: '' when it can. form is the form of its element.
export function wrongOf(field: string, text: string, form: string): '' | 'figure' | 'time' {
  const said = text.trim()
  if (!said) return ''
  if (field.startsWith('figure.')) return /^\d{1,8}$/.test(said) ? '' : 'figure'
  return form === 'time' && !isStamp(said) ? 'time' : ''
}

// changesOf are all fields that differ from what the centre has.
function changesOf(typed: Fields, seen: Fields): Edit[] {
  return Object.entries(typed)
    .filter(([field, to]) => to.trim() !== (seen[field] ?? ''))
    .map(([field, to]) => ({ field, from: seen[field] ?? '', to: to.trim() }))
}

// editsOf are the fields that can be saved now: those that differ from what the centre has, without those that wait
// for a decision or are held back because they cannot be kept as they stand.
export function editsOf(typed: Fields, seen: Fields, conflicts: readonly Conflict[], held: (field: string, text: string) => boolean): Edit[] {
  return changesOf(typed, seen).filter((e) => !conflicts.some((c) => c.field === e.field) && !held(e.field, e.to))
}

// merged is what a form shows once the centre has said what it has now: that, and what was typed and is not saved yet.
// sent are the edits that were just taken. What somebody else wrote where something is still unsaved is a conflict.
export function merged(typed: Fields, seen: Fields, sent: readonly Edit[], now: Fields, conflicts: readonly Conflict[], by: string): { typed: Record<string, string>; conflicts: Conflict[] } {
  const out: Record<string, string> = { ...now }
  const both = [...conflicts]
  for (const [field, text] of Object.entries(typed)) {
    const mine = text.trim()
    const was = seen[field] ?? ''
    const theirs = now[field] ?? ''
    const decided = both.some((c) => c.field === field)
    const told = sent.find((e) => e.field === field)
    if (told && !(field in now) && field.startsWith('answer ')) continue // what is not asked any more
    if (mine === was && mine !== theirs && !decided) continue
    out[field] = text // a space at the end is not taken from under the cursor
    if (!decided && mine !== theirs && theirs !== was && told?.to !== theirs) both.push({ field, mine, theirs, by })
  }
  return { typed: out, conflicts: both }
}

// Copy is what this computer keeps of a draft until the centre has it.
export interface Copy {
  edits: Edit[]
  conflicts: Conflict[]
}

// copyOf is what must be kept of a form; undefined when the centre has everything.
export function copyOf(typed: Fields, seen: Fields, conflicts: readonly Conflict[]): Copy | undefined {
  const edits = changesOf(typed, seen).filter((e) => !conflicts.some((c) => c.field === e.field))
  return edits.length || conflicts.length ? { edits, conflicts: conflicts.map((c) => ({ ...c, mine: (typed[c.field] ?? c.mine).trim() })) } : undefined
}

// restored is a form with what this computer kept of it; what was changed elsewhere meanwhile is a conflict.
export function restored(copy: Copy, now: Fields, by: string): { typed: Record<string, string>; conflicts: Conflict[] } {
  const typed: Record<string, string> = { ...now }
  const seen: Record<string, string> = { ...now }
  for (const e of copy.edits) {
    typed[e.field] = e.to
    seen[e.field] = e.from
  }
  const still = copy.conflicts.filter((c) => c.mine !== (now[c.field] ?? '')).map((c) => ({ ...c, theirs: now[c.field] ?? '' }))
  for (const c of still) typed[c.field] = c.mine
  return merged(typed, seen, [], now, still, by)
}

// flat is a draft as fields: elements and figures, level, answers and waivers.
export function flat(d: { values?: Record<string, string> | null; answers?: Record<string, string> | null; waived?: Record<string, string> | null; pictures?: readonly { id: string }[] | null; level: number; level_why: string }): Record<string, string> {
  const out: Record<string, string> = { ...d.values, level: String(d.level), level_why: d.level_why }
  if (d.pictures?.length) out.pictures = d.pictures.map((p) => p.id).join(' ')
  for (const [q, a] of Object.entries(d.answers ?? {})) out[`answer ${q}`] = a
  for (const [el, why] of Object.entries(d.waived ?? {})) out[`waive ${el}`] = why
  return out
}

// isStamp tells a time as reports hold it from one that is still being typed.
export function isStamp(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text))
}

// stampOf is a time as reports hold it.
export function stampOf(at: Date): string {
  return at.toISOString().replace('.000Z', 'Z')
}
