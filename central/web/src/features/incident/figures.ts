// The course of each figure of an incident: the newest count, and the counts before it. Pure.
import { figureKinds, type Figure, type FigureKind } from './types'

export interface Course {
  kind: FigureKind
  newest: Figure
  before: Figure[]
  // shrank is true when the newest count is below the one before: that wants a reason.
  shrank: boolean
}

// coursesOf orders counts of each kind by their time; of one moment the one written last stands.
export function coursesOf(figures: readonly Figure[]): Course[] {
  return figureKinds.flatMap((kind) => {
    const all = figures.filter((f) => f.kind === kind).sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || Date.parse(b.written_at) - Date.parse(a.written_at))
    const [newest, ...earlier] = all
    // What was said again changes nothing; of equal counts the first tells since when it is so.
    const before = earlier.filter((f, i) => f.value !== (i ? earlier[i - 1] : newest)?.value)
    return newest ? [{ kind, newest, before, shrank: earlier[0] !== undefined && newest.value < earlier[0].value }] : []
  })
}
