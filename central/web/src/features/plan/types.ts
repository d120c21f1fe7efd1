// The shapes of plans under short names. Lists of a text are never missing: the centre fills them.
import type { components } from '@/api/schema'

type S = components['schemas']
export type Plan = S['Plan']
export type Detail = S['PlanDetail']
export type Pack = S['PlanPack']
export type Fault = S['PlanFault']
export type Change = S['PlanChange']
export type Matrix = S['PlanMatrix']
export type Paper = S['PlanPaper']
export type HeadInput = S['PlanHead']
export type Chapter = S['PlanChapter']
export type Contact = S['PlanContact']
export type Group = Omit<S['PlanGroup'], 'role_ids' | 'orgs' | 'levels'> & { role_ids: string[]; orgs: string[]; levels: number[] }
export type Reporting = Omit<S['PlanReporting'], 'levels'> & { levels: number[] }
export type Role = S['PlanRole']
export type Level = Omit<S['PlanLevel'], 'conditions'> & { conditions: S['PlanCondition'][] }
export type Action = Omit<S['PlanAction'], 'levels' | 'after' | 'evidence' | 'demands'> & { levels: number[]; after: string[]; evidence: string[]; demands: S['PlanDemand'][] }
export interface Body { chapters: Chapter[]; levels: Level[]; roles: Role[]; actions: Action[]; contacts: Contact[]; groups: Group[]; reports: Reporting[] }

export type Import = Omit<S['PlanImport'], 'body'> & { body: Body }

export const kinds = ['overall', 'special', 'departmental', 'township', 'unit', 'enterprise'] as const
export const states = ['drafting', 'consulting', 'reviewing', 'approving', 'published', 'filing', 'filed', 'assessing', 'revising', 'abolished'] as const
export type State = (typeof states)[number]
export const numerals = ['', 'Ⅰ', 'Ⅱ', 'Ⅲ', 'Ⅳ'] as const

export type FilingAct = 'hand' | 'return' | 'receipt'
// filingActs is what may be done about the filing of a version beside the steps of its plan, which file the one in force.
export function filingActs(p: Pick<Detail, 'own' | 'state' | 'version' | 'filings'>, no: number): FilingAct[] {
  const f = (p.filings ?? []).find((o) => o.no === no)
  if (!p.own || !f || f.filed_at || p.state === 'abolished' || (no === p.version && ['published', 'filing'].includes(p.state))) return []
  return f.handed_at ? ['receipt', 'return'] : ['hand']
}
