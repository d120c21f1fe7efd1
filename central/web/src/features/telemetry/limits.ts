// Which rules are a line in a chart: those whose limit is a value of the series itself. Pure.
import type { Rule } from '@/api/types'

export function limitsOf(rules: readonly Rule[]): Rule[] {
  return rules.filter((r) => r.condition === 'above' || r.condition === 'below')
}

// briefly writes a duration of a rule without its empty ends: 2h0m0s is 2h.
export function briefly(duration: string): string {
  return duration.replace(/m0s$/, 'm').replace(/h0m$/, 'h')
}
