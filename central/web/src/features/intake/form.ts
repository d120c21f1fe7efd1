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
  lon?: number
  lat?: number
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

interface Names {
  counties: readonly { code: string; name: string; name_en: string }[]
  townships: readonly { name: string; county: string }[]
}

// countyIn is the county that a place names, by itself or by one of its townships; '' when it names none, or several.
export function countyIn(place: string, { counties, townships }: Names): string {
  const said = place.toLowerCase()
  const bare = (name: string) => (name.length > 2 ? name.replace(/[县市区]$/, '') : name)
  const named = counties.filter((c) => said.includes(bare(c.name)) || (c.name_en && said.includes(c.name_en.toLowerCase()))).map((c) => c.code)
  const found = new Set(named.length ? named : townships.filter((one) => said.includes(one.name)).map((one) => one.county))
  return found.size === 1 ? ([...found][0] ?? '') : ''
}
