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
