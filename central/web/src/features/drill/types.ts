// The words of exercises, from the centre's document.
import type { components } from '@/api/schema'

type S = components['schemas']
export type Drill = S['Drill']
export type View = S['DrillView']
export type Inject = S['DrillInject']
export type Line = S['DrillLine']
export type Draft = S['DrillPlan']
export type DrillNamed = S['DrillNamed']
export type Candidate = NonNullable<NonNullable<S['DrillListPerson']['items']>>[number]
export type Act = S['DrillActBody']
export type Measures = S['DrillMeasures']
export type Item = S['DrillItem']
export type Sheet = S['DrillSheet']
export type Letter = S['DrillLetter']
export type Programme = S['DrillProgramme']
export type Owed = S['DrillOwed']
export type SheetPage = S['DrillSheetPage']

export const forms = ['tabletop', 'functional', 'full', 'blind'] as const
// parts are those that somebody may be given by name.
export const parts = ['controller', 'participant', 'evaluator', 'observer'] as const
export const ways = ['timed', 'when', 'manual'] as const
export const marks = ['opened', 'reported', 'activated', 'accepted', 'done'] as const

// owes is how many exercises a row still wants.
export const owes = (o: Pick<Owed, 'times' | 'paid' | 'planned'>): number => Math.max(0, o.times - o.paid - o.planned)

// next is the line of the script that a controller gives next: the first that waits, those of the clock by their time.
export function next(injects: readonly Inject[]): Inject | undefined {
  const waiting = injects.filter((i) => i.state === 'waiting')
  const timed = waiting.filter((i) => i.way === 'timed').sort((a, b) => a.minutes - b.minutes)[0]
  return timed ?? waiting[0]
}

// runs is how many milliseconds the clock of an exercise shows now, of which the centre told it at readAt.
export function runs(v: Pick<View, 'clock' | 'state'>, readAt: number, now: number): number {
  return v.clock * 1000 + (v.state === 'running' ? Math.max(0, now - readAt) : 0)
}

// lineOf is a line of the script as it is written again.
export function lineOf(i: Inject): Line {
  return { title: i.title, text: i.text, from: i.from, to: i.to ?? [], way: i.way as Line['way'], minutes: i.minutes, ...(i.mark ? { mark: i.mark as NonNullable<Line['mark']> } : {}), expect: i.expect }
}
