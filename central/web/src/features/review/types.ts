// The words of after-action reviews, from the centre's document.
import type { components } from '@/api/schema'

type S = components['schemas']
export type View = S['ReviewView']
export type Case = S['Review']
export type Compared = S['ReviewCompared']
export type Lesson = S['ReviewLesson']
export type Measure = S['ReviewMeasure']
