// Drawings that nobody has sent yet. They outlive their dialog, their tile and the page that shows it, until they are
// sent or given up; only a reload loses them, and the browser asks before it.
import { shallowReactive } from 'vue'
import type { Shape } from './drawing'

export interface Draft {
  stream: string
  picture: Blob
  // at is when the picture was frozen, by the clock of the centre.
  at: number
  shapes: readonly Shape[]
  // text is what was written to go with it.
  text: string
}

const most = 20
// Two people may use one browser after each other: who names whose a drawing is.
const drafts = shallowReactive(new Map<string, Draft>())
const keyOf = (who: string, stream: string): string => `${who}\n${stream}`
const ask = (e: Event): void => e.preventDefault()

export const draftOf = (who: string, stream: string): Draft | undefined => drafts.get(keyOf(who, stream))

export function keepDraft(who: string, draft: Draft): void {
  const key = keyOf(who, draft.stream)
  const oldest = drafts.keys().next().value
  if (drafts.size >= most && !drafts.has(key) && oldest !== undefined) drafts.delete(oldest)
  drafts.set(key, draft)
  globalThis.addEventListener('beforeunload', ask)
}

export function dropDraft(who: string, stream: string): void {
  drafts.delete(keyOf(who, stream))
  if (!drafts.size) globalThis.removeEventListener('beforeunload', ask)
}
