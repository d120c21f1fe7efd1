// A rule as its form has it, what is wrong with it, and what a trial of it says. Pure.
import type { Device, Level, Rule, RuleDifference, Trial } from '@/api/types'

export const conditions = ['above', 'below', 'rise', 'fall', 'stuck', 'silent', 'expression'] as const
export type Condition = (typeof conditions)[number]

export interface RuleForm {
  id: string
  name: string
  nameEn: string
  condition: Condition
  class: string
  property: string
  // devices is empty for all of the class.
  devices: string[]
  limit: number | ''
  clear: number | ''
  windowS: number | ''
  forS: number | ''
  expression: string
  inputs: { name: string; device: string; property: string }[]
  // maxAgeS of an expression and forS of an action: 0 and '' leave it to the centre and to the output.
  maxAgeS: number | ''
  level: Level
  actions: Action[]
  source: string
  effective: string
  unverified: boolean
  // whole is the rule as it came: what the form does not show goes back untouched.
  whole?: Rule
}

export interface Action {
  device: string
  output: string
  forS: number | ''
}

// secondsOf reads a duration as the centre writes it: 1h30m, 3s.
export function secondsOf(text: string | undefined): number {
  const units = { h: 3600, m: 60, s: 1, ms: 0.001 } as const
  return [...(text ?? '').matchAll(/([\d.]+)(ms|h|m|s)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * units[unit as keyof typeof units], 0)
}

export function formOf(rule: Rule): RuleForm {
  return {
    id: rule.id, name: rule.name, nameEn: rule.name_en, condition: conditions.find((c) => c === rule.condition) ?? 'above', class: rule.class, property: rule.property,
    devices: [...(rule.devices ?? [])], limit: rule.limit, clear: rule.clear, windowS: secondsOf(rule.window), forS: secondsOf(rule.for), expression: rule.expression ?? '',
    inputs: Object.entries(rule.inputs ?? {}).map(([name, one]) => ({ name, ...one })), maxAgeS: secondsOf(rule.max_age), level: rule.level,
    actions: (rule.actions ?? []).map((a) => ({ device: a.device, output: a.output, forS: secondsOf(a.for) })),
    source: rule.source, effective: rule.effective, unverified: rule.unverified, whole: rule,
  }
}

export function emptyForm(id: string): RuleForm {
  return { id, name: '', nameEn: '', condition: 'above', class: 'water_level', property: 'water_level', devices: [], limit: '', clear: '', windowS: 3600, forS: 0, expression: '', inputs: [], maxAgeS: 0, level: 3, actions: [], source: '', effective: '', unverified: false }
}

const shown = new Set(['id', 'name', 'name_en', 'class', 'property', 'devices', 'condition', 'limit', 'clear', 'window', 'for', 'expression', 'inputs', 'max_age', 'level', 'actions', 'source', 'effective', 'unverified'])

// unseen names what the rule has and the form does not show.
export function unseen(form: RuleForm): string[] {
  return Object.entries(form.whole ?? {}).filter(([key, value]) => !shown.has(key) && value !== undefined).map(([key]) => key)
}

type Field = 'limit' | 'clear' | 'window' | 'expression'

// has tells which fields a condition looks at; the centre refuses what it does not look at.
export function has(condition: Condition, field: Field): boolean {
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

// ruleOf is what the centre is asked to keep or to try.
export function ruleOf(form: RuleForm): Rule {
  const { condition } = form
  const joint = has(condition, 'expression')
  return {
    ...form.whole, id: form.id, name: form.name.trim(), name_en: form.nameEn.trim() || form.name.trim(), class: form.class, property: form.property, devices: form.devices.length ? form.devices : undefined, condition,
    limit: has(condition, 'limit') ? Number(form.limit) : 0, clear: has(condition, 'clear') ? Number(form.clear) : 0, window: has(condition, 'window') ? `${String(Number(form.windowS))}s` : undefined,
    for: `${String(Number(form.forS))}s`, expression: joint ? form.expression.trim() : undefined,
    inputs: joint && form.inputs.length ? Object.fromEntries(form.inputs.map((i) => [i.name.trim(), { device: i.device, property: i.property }])) : undefined,
    max_age: joint && Number(form.maxAgeS) ? `${String(Number(form.maxAgeS))}s` : undefined, level: form.level,
    actions: form.actions.length ? form.actions.map((a) => ({ device: a.device, output: a.output, ...(Number(a.forS) ? { for: `${String(Number(a.forS))}s` } : {}) })) : undefined,
    source: form.source.trim(), effective: form.effective.trim(), unverified: form.unverified,
  }
}

// decides is what of a rule the outcome of a trial hangs on: two forms with the same have the same trial.
export function decides(form: RuleForm): string {
  const { class: of, property, devices, condition, limit, clear, window, for: held, expression, inputs, max_age: age } = ruleOf(form)
  return JSON.stringify([of, property, [...(devices ?? [])].sort(), condition, limit, clear, window, held, expression, Object.entries(inputs ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)), age])
}

export interface Fault {
  key: string
  params?: Record<string, string>
}

const words = new Set(['and', 'or', 'not', 'abs', 'min', 'max', 'round', 'true', 'false'])

// namesIn are the names that an expression looks at.
export function namesIn(expression: string): string[] {
  return [...new Set([...expression.matchAll(/(?<![\w.])[a-z_]\w*/gi)].map(([name]) => name))].filter((name) => !words.has(name))
}

// faults says field by field what is missing or wrong, as far as the console can know; offered are the
// properties of the devices that the rule is about.
export function faults(form: RuleForm, offered: readonly string[]): Partial<Record<string, Fault>> {
  const out: Partial<Record<string, Fault>> = {}
  const { condition } = form
  if (!form.name.trim()) out.name = { key: 'rule.fault.name' }
  if (!form.source.trim()) out.source = { key: 'rule.fault.source' }
  if (form.effective.trim() && !/^\d{4}(-\d{2}-\d{2})?$/.test(form.effective.trim())) out.effective = { key: 'rule.fault.effective' }
  if (has(condition, 'limit') && form.limit === '') out.limit = { key: 'rule.fault.number' }
  if (has(condition, 'clear')) {
    if (form.clear === '') out.clear = { key: 'rule.fault.number' }
    else if (condition === 'below' ? form.clear < Number(form.limit) : form.clear > Number(form.limit)) out.clear = { key: condition === 'below' ? 'rule.fault.clear_below' : 'rule.fault.clear_above' }
  }
  if (has(condition, 'window') && !(Number(form.windowS) > 0 && Number(form.windowS) <= 86400)) out.window = { key: 'rule.fault.day' }
  if (Number(form.forS) < 0 || Number(form.forS) > 86400) out.for = { key: 'rule.fault.day' }
  else if ((condition === 'stuck' || condition === 'silent') && !(Number(form.forS) > 0)) out.for = { key: 'rule.fault.for' }
  if (form.actions.some((a) => Number(a.forS) < 0 || Number(a.forS) > 86400)) out.actions = { key: 'rule.fault.day' }
  if (has(condition, 'expression')) {
    if (Number(form.maxAgeS) < 0 || Number(form.maxAgeS) > 86400) out.max_age = { key: 'rule.fault.day' }
    const names = namesIn(form.expression)
    const known = new Set([...offered, ...form.inputs.map((i) => i.name.trim())])
    const unknown = names.find((n) => !known.has(n))
    if (!form.expression.trim()) out.expression = { key: 'rule.fault.expression' }
    else if (form.expression.length > 500) out.expression = { key: 'rule.fault.long' }
    else if (!/[<>=]|\b(and|or|not)\b/.test(form.expression)) out.expression = { key: 'rule.fault.compare' }
    else if (unknown) out.expression = { key: 'rule.fault.unknown', params: { name: unknown } }
    else if (!names.includes(form.property)) out.expression = { key: 'rule.fault.own', params: { name: form.property } }
    if (form.inputs.length && !form.devices.length) out.devices = { key: 'rule.fault.devices' }
  }
  return out
}

// applies lists the devices that the rule is about.
export function applies(form: RuleForm, devices: Iterable<Device>): Device[] {
  return [...devices]
    .filter((d) => (form.devices.length ? form.devices.includes(d.id) : d.class === form.class) && (form.condition === 'silent' || d.series?.some((s) => s.property === form.property)))
    .sort((a, b) => a.name.localeCompare(b.name, 'zh-CN', { numeric: true }))
}

// shownOf is one side of a difference as people read it.
export function shownOf(d: RuleDifference, side: 'from' | 'to'): string {
  const text = d[side]
  return text.startsWith('"') ? String(JSON.parse(text)) : text
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
