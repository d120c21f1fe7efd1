// The words of consultation rooms, from the centre's document.
import type { components } from '@/api/schema'

type S = components['schemas']
export type Listed = S['ConsultListed']
export type Whole = S['ConsultWhole']
export type Scene = S['ConsultScene']
export type Person = S['ConsultPerson']
export type Absent = S['ConsultAbsent']
export type Invitation = S['ConsultInvitation']
export type Given = S['ConsultGiven']
export type View = S['ConsultView']
