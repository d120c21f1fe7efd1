// The shapes of official documents under short names.
import type { components } from '@/api/schema'

type S = components['schemas']
export type Paper = S['Paper'] & { state: State; kind: Kind }
export type Content = Omit<S['PaperContent'], 'annexes'> & { annexes: S['PaperAnnex'][] }
export type Pages = S['PaperPages']
export type Run = S['PaperRun']
export type Taken = S['PaperTaken']
export type Letterhead = S['PaperLetterhead']

// numbered kinds have a number of the register; people begin those by hand.
export const numbered = ['letter', 'brief', 'bulletin', 'report', 'situation', 'review'] as const
export const kinds = [...numbered, 'roster', 'handover'] as const
export type Kind = (typeof kinds)[number]
export const states = ['draft', 'signed', 'withdrawn'] as const
export type State = (typeof states)[number]

export function isNumbered(kind: string): boolean {
  return (numbered as readonly string[]).includes(kind)
}

export const emptyContent = (): Content => ({ head: '', urgency: '', upward: false, title: '', to: '', text: '', annexes: [], from: '', seal: false, note: '', cc: '', issuer: '' })

// contentOf is the content of a document, made to be edited.
export function contentOf(p: Pick<S['Paper'], 'content'>): Content {
  return { ...p.content, annexes: (p.content.annexes ?? []).map((a) => ({ ...a })) }
}

// titleOf is the title on one line.
export const titleOf = (p: Pick<S['Paper'], 'content'>): string => p.content.title.replaceAll('\n', '')
