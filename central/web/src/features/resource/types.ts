// The words of teams and stock, from the centre's document.
import type { components } from '@/api/schema'

export type Team = components['schemas']['ResourceTeam']
export type Stock = components['schemas']['ResourceStock']
export type Warehouse = components['schemas']['ResourceWarehouse']
export type Move = components['schemas']['ResourceMove']
export type Org = components['schemas']['DutyOrgView']
export type Import = components['schemas']['ResourceImport']
export type Board = components['schemas']['ResourceBoard']
export type Request = components['schemas']['ResourceRequest']
export type Dispatch = components['schemas']['ResourceDispatch']
export type Proposal = components['schemas']['ResourceProposal']
export type Pick = components['schemas']['ResourcePick']
export type Crew = components['schemas']['ResourceCrewPage']
export type StepKind = components['schemas']['DispatchStep']['kind']

export const statuses = ['ready', 'assigned', 'en_route', 'on_site', 'resting', 'out'] as const

// nextOf lists what may be told next of a dispatch, the usual first.
export function nextOf(state: string, crew: boolean): StepKind[] {
  const next: Record<string, StepKind[]> = {
    sent: ['en_route', 'on_site', 'refused', 'released'], en_route: ['on_site', 'report', 'released'], on_site: ['report', 'released'],
    reserved: ['issued', 'cancelled'], issued: ['returned'],
  }
  return (next[state] ?? []).filter((k) => !crew || !['released', 'cancelled', 'returned'].includes(k))
}

// wordsOf reads capabilities as people write them in one line.
export function wordsOf(line: string): string[] {
  return line.split(/[、,，;；/]/).map((w) => w.trim()).filter(Boolean)
}
