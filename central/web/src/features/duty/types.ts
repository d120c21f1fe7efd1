// The shapes of duty under short names.
import type { components } from '@/api/schema'

type S = components['schemas']
export type Roster = S['DutyRoster']
export type Shift = S['DutyShift']
export type Post = S['DutyPost']
export type PostView = S['DutyPostView']
export type Person = S['DutyPerson']
export type DayInfo = S['DutyDayInfo']
export type Issue = S['DutyIssue']
export type Swap = S['DutySwap']
export type Period = S['DutyPeriod']
export type Temp = S['DutyTemp']
export type Leave = S['DutyLeave']
export type Mine = S['DutyMine']
export type OrgView = S['DutyOrgView']
export type Link = S['DutyLink']
export type RuleInput = S['DutyRuleInput']
export type YearView = S['DutyYearView']
export type Board = S['DutyBoard']

// tiers and classes in the order in which they are shown.
export const tiers = ['officer', 'leader', 'standby', 'other'] as const
export const classes = ['workday', 'weekend', 'holiday', 'makeup', 'special'] as const
