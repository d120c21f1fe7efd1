// Which rules are a line in a chart: those whose limit is a value of the series itself. Pure.
import type { Rule } from '@/api/types'

export function limitsOf(rules: readonly Rule[]): Rule[] {
  return rules.filter((r) => r.condition === 'above' || r.condition === 'below')
}
