// The words of reports, from the centre's document.
import type { components } from '@/api/schema'

export type Report = components['schemas']['ReportVersion']
export type View = components['schemas']['ReportView']
export type Hop = components['schemas']['ReportHop']
export type Desk = components['schemas']['ReportDesk']
export type Edit = components['schemas']['ReportEdit']
export type Conflict = components['schemas']['ReportConflict']
export type Templates = components['schemas']['ReportTemplates']
export type Task = components['schemas']['ReportTask']
export type Daily = components['schemas']['ReportDaily']
export type DailyBoard = components['schemas']['ReportDailyBoard']
export type Finding = components['schemas']['ReportFinding']
export type Judgement = components['schemas']['ReportJudgement']
export type Stats = components['schemas']['ReportStats']

export const faults = ['late', 'incomplete', 'contradiction', 'omitted', 'reversed', 'returned', 'backdated', 'daily_late', 'daily_missing', 'concealed', 'false'] as const
