// What a line of the timeline holds as values, for the reader's language. Pure.
import type { Step } from './types'

export interface Values {
  from: string
  to: string
  why: string
}

// levelsOf are the two levels of a line about grading or response; undefined for any other line.
export function levelsOf(s: Pick<Step, 'kind' | 'act'>): { from: number; to: number } | undefined {
  const found = s.kind === 'graded' || s.kind === 'response' ? /^([0-4])→([0-4])$/.exec(s.act) : undefined
  return found ? { from: Number(found[1]), to: Number(found[2]) } : undefined
}

// correctedOf is what a correction put in the place of what; undefined for any other line.
export function correctedOf(s: Pick<Step, 'kind' | 'text'>): Values | undefined {
  const found = s.kind === 'changed' ? /^(.*?) → (.*?)(?:（([^）]*)）)?$/su.exec(s.text) : undefined
  return found ? { from: found[1] ?? '', to: found[2] ?? '', why: found[3] ?? '' } : undefined
}

// bySystem reports whether a line was written by a part of the centre and not by a person.
export const bySystem = (s: Pick<Step, 'by_name' | 'org_name'>): boolean => !s.org_name && /^[a-z][a-z .-]*$/.test(s.by_name)
