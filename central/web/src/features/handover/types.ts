// The shapes of a desk's book under short names.
import type { components } from '@/api/schema'

type S = components['schemas']
export type Book = S['HandoverDesk']
export type Entry = S['HandoverEntry']
export type Item = S['HandoverItem']
export type Shift = S['HandoverShift']
export type ShiftRecord = S['HandoverRecord']
export type Person = S['DutyPerson']

// kinds are what people write, in the order of the keys 1 to 7.
export const kinds = ['call_in', 'call_out', 'fax_in', 'fax_out', 'visit', 'order', 'note'] as const
export type Kind = (typeof kinds)[number]
