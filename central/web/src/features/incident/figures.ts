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
    const [newest, ...before] = all
    return newest ? [{ kind, newest, before, shrank: before[0] !== undefined && newest.value < before[0].value }] : []
  })
}
