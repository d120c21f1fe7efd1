// What is rolled out, in words: parts of the configuration, or a program.
import type { Rollout } from '@/api/types'

export function whatOf(r: Rollout, t: (key: string, words: Record<string, string>) => string): string {
  if (r.version) return t('rollout.what.program', { version: r.version })
  return t('rollout.what.parts', { parts: Object.keys((r.parts ?? {}) as object).join(', ') })
}
