// The words of what is said of incidents, from the centre's document.
import type { components } from '@/api/schema'

type S = components['schemas']
export type View = S['OpinionView']
export type Entry = S['OpinionEntry']
export type Task = S['OpinionTask']
export type Statement = S['OpinionStatement']
export type Expert = S['OpinionExpert']
export type Template = S['OpinionTemplate']

export const heats = ['scattered', 'rising', 'hot'] as const
export type Heat = (typeof heats)[number]
export const verdicts = ['true', 'false', 'unclear'] as const
export type Judged = (typeof verdicts)[number]
// Orders of the entries, the first by default: what is hot must not lie below what came later.
export const orders = ['heat', 'found', 'said', 'reach'] as const
export type Order = (typeof orders)[number]

const degree = (e: Pick<Entry, 'heat'>) => heats.findIndex((h) => h === e.heat)

// inOrder sorts entries; what is alike stands with the newest first.
export function inOrder<E extends Pick<Entry, 'heat' | 'reach' | 'found_at' | 'said_at'>>(entries: readonly E[], by: Order): E[] {
  const newest = (a: E, b: E) => Date.parse(b.found_at) - Date.parse(a.found_at)
  const first: Record<Order, (a: E, b: E) => number> = {
    heat: (a, b) => degree(b) - degree(a),
    found: newest,
    said: (a, b) => Date.parse(b.said_at) - Date.parse(a.said_at),
    reach: (a, b) => b.reach - a.reach,
  }
  return entries.toSorted((a, b) => first[by](a, b) || newest(a, b))
}

export type Act = 'check' | 'return' | 'sign' | 'release' | 'discard'

// gap stands where a template knows no fact; a text with one is not checked.
export const gap = '〔待填〕'

// actsOf is what may be done with a statement by somebody: who has written it neither checks nor signs it.
export function actsOf(s: Pick<Statement, 'state' | 'written'>, me: string, signs: boolean): Act[] {
  const own = s.written.user_id === me
  switch (s.state) {
    case 'draft':
      return own ? ['discard'] : ['check', 'discard']
    case 'checked':
      return [...(signs && !own ? (['sign'] as const) : []), 'return', 'discard']
    case 'signed':
      return ['release', 'return']
    default:
      return []
  }
}
