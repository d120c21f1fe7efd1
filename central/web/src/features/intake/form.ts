// What is being written down of a call, and what is still missing of it. Pure.
import type { FigureKind } from '@/features/incident/types'

export const kinds = ['call', 'field', 'department', 'media'] as const
export type Kind = (typeof kinds)[number]

export interface Form {
  kind: Kind
  unit: string
  caller: string
  post: string
  phone: string
  source: string
  time: string
  place: string
  division: string
  category: string
  text: string
  cause: string
  measures: string
  trend: string
  informed: string
  figures: Partial<Record<FigureKind, string>>
}

export function blank(division = ''): Form {
  return { kind: 'call', unit: '', caller: '', post: '', phone: '', source: '', time: '', place: '', division, category: '', text: '', cause: '', measures: '', trend: '', informed: '', figures: {} }
}

// missing names the first thing that must still be asked; undefined when all is there.
export function missing(f: Form, timeRight: boolean): string | undefined {
  if (!timeRight) return 'time'
  if (!f.text.trim()) return 'text'
  if (!f.place.trim()) return 'place'
  if (!f.unit.trim() && !f.caller.trim() && !f.source.trim()) return 'caller'
  if (f.kind === 'call' && !f.phone.trim()) return 'phone'
  if (f.kind === 'media' && !f.source.trim()) return 'source'
  return figuresOf(f) === undefined ? 'figures' : undefined
}

// figuresOf are the figures that were said; undefined when one is no whole number.
export function figuresOf(f: Form): Record<string, number> | undefined {
  const out: Record<string, number> = {}
  for (const [kind, said] of Object.entries(f.figures)) {
    if (!said?.trim()) continue
    if (!/^\d{1,8}$/.test(said.trim())) return undefined
    out[kind] = Number(said)
  }
  return out
}
