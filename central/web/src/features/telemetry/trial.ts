// A rule as its form has it, and what a trial of it says. Pure.
import type { Device, Level, Rule, Trial } from '@/api/types'

export const conditions = ['above', 'below', 'rise', 'fall', 'stuck', 'silent', 'expression'] as const
export type Condition = (typeof conditions)[number]

export interface RuleForm {
  name: string
  condition: Condition
  class: string
  property: string
  device: string
  limit: number
  clear: number
  windowS: number
  forS: number
  expression: string
  level: Level
  source: string
}

// secondsOf reads a duration as the centre writes it: 1h30m, 3s.
export function secondsOf(text: string | undefined): number {
  const units = { h: 3600, m: 60, s: 1, ms: 0.001 } as const
  return [...(text ?? '').matchAll(/([\d.]+)(ms|h|m|s)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit as keyof typeof units], 0)
}

export function formOf(rule: Rule): RuleForm {
  return {
    name: rule.name, condition: conditions.find((c) => c === rule.condition) ?? 'above', class: rule.class, property: rule.property, device: rule.devices?.[0] ?? '', limit: rule.limit,
    clear: rule.clear, windowS: secondsOf(rule.window), forS: secondsOf(rule.for), expression: rule.expression ?? '', level: rule.level, source: rule.source,
  }
}

// has tells which fields a condition looks at; the centre refuses what it does not look at.
export function has(condition: Condition, field: 'limit' | 'clear' | 'window' | 'expression'): boolean {
  switch (field) {
    case 'limit':
      return condition !== 'silent' && condition !== 'expression'
    case 'clear':
      return condition === 'above' || condition === 'below' || condition === 'rise' || condition === 'fall'
    case 'window':
      return condition === 'rise' || condition === 'fall'
    case 'expression':
      return condition === 'expression'
  }
}

// ruleOf is what the centre is asked to try.
export function ruleOf(form: RuleForm): Rule {
  const { condition } = form
  return {
    id: 'trial', name: form.name || '-', name_en: form.name || '-', class: form.class, property: form.property, devices: form.device ? [form.device] : undefined, condition,
    limit: has(condition, 'limit') ? form.limit : 0, clear: has(condition, 'clear') ? form.clear : 0, window: has(condition, 'window') ? `${String(form.windowS)}s` : undefined,
    for: `${String(form.forS)}s`, expression: has(condition, 'expression') ? form.expression : undefined, level: form.level, source: form.source, effective: '', unverified: true,
  }
}

// applies lists the devices that the rule is about.
export function applies(form: RuleForm, devices: Iterable<Device>): Device[] {
  return [...devices]
    .filter((d) => (form.device ? d.id === form.device : d.class === form.class) && d.series?.some((s) => s.property === form.property))
    .sort((a, b) => a.name.localeCompare(b.name, 'zh-CN', { numeric: true }))
}

export interface Sum {
  alarms: number
  // seconds that alarms held in all, and the longest one.
  seconds: number
  longest: number
}

export function sumOf(trial: Trial): Sum {
  const lengths = trial.alarms.map((a) => (Date.parse(a.ended_at ?? trial.to) - Date.parse(a.opened_at)) / 1000)
  return { alarms: lengths.length, seconds: lengths.reduce((x, y) => x + y, 0), longest: Math.max(0, ...lengths) }
}
