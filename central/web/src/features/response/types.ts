// The words of plans that are carried out, from the centre's document.
import type { components } from '@/api/schema'

export type View = components['schemas']['ResponseView']
export type Running = components['schemas']['ResponseRunning']
export type Task = components['schemas']['ResponseTask']
export type Detail = components['schemas']['ResponseDetail']
export type Line = components['schemas']['ResponseLine']
export type Seat = components['schemas']['ResponseSeat']
export type Proposal = components['schemas']['ResponseProposal']
export type Group = components['schemas']['ResponseGroup']
export type Owed = components['schemas']['ResponseOwed']
export type Motion = components['schemas']['ResponseMotion']
export type Command = components['schemas']['ResponseCommand']
export type Commander = components['schemas']['ResponseCommander']
export type Phone = components['schemas']['ResponsePhonePage']
export type Step = components['schemas']['TaskStep']['kind']
