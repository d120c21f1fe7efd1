// What is typed into a draft, and how it is kept: each field with what was seen when it was begun. Pure.
import type { Conflict, Edit } from './types'

// editsOf are the fields that differ from what the centre has, without those that wait for a decision.
export function editsOf(typed: Readonly<Record<string, string>>, seen: Readonly<Record<string, string>>, conflicts: readonly Conflict[]): Edit[] {
  return Object.entries(typed)
    .filter(([field, to]) => to.trim() !== (seen[field] ?? '') && !conflicts.some((c) => c.field === field))
    .map(([field, to]) => ({ field, from: seen[field] ?? '', to: to.trim() }))
}

// merged is what a form shows after a save: what the centre has, and what was typed meanwhile or is in conflict.
export function merged(typed: Readonly<Record<string, string>>, sent: readonly Edit[], now: Readonly<Record<string, string>>, conflicts: readonly Conflict[]): Record<string, string> {
  const out = { ...now }
  for (const [field, text] of Object.entries(typed)) {
    const told = sent.find((e) => e.field === field)
    const meanwhile = told ? text.trim() !== told.to : false
    if (meanwhile || conflicts.some((c) => c.field === field)) out[field] = text
    else if (told && text.trim() === told.to && (field in now || !field.startsWith('answer '))) out[field] = text // a space at the end is not taken from under the cursor; an answer to what is not asked any more goes
  }
  return out
}

// flat is a draft as fields: elements and figures, level, answers and waivers.
export function flat(d: { values?: Record<string, string> | null; answers?: Record<string, string> | null; waived?: Record<string, string> | null; level: number; level_why: string }): Record<string, string> {
  const out: Record<string, string> = { ...d.values, level: String(d.level), level_why: d.level_why }
  for (const [q, a] of Object.entries(d.answers ?? {})) out[`answer ${q}`] = a
  for (const [el, why] of Object.entries(d.waived ?? {})) out[`waive ${el}`] = why
  return out
}

// localTime is a time as an input of the browser has it, and stampOf the other way round.
export function localTime(iso: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return ''
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
export function stampOf(local: string): string {
  const at = new Date(local)
  return local && !Number.isNaN(at.getTime()) ? at.toISOString().replace('.000Z', 'Z') : ''
}
