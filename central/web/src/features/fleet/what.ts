// What is rolled out, in words: parts of the configuration, or a program.
import { partNames } from './rollout'
import type { Rollout } from '@/api/types'

export function whatOf(r: Rollout, t: (key: string, words?: Record<string, string>) => string): string {
  if (r.version) return t('rollout.what.program', { version: r.version })
  return t('rollout.what.parts', { parts: partNames.filter((n) => n in ((r.parts ?? {}) as object)).map((n) => t(`rollout.part.${n}`)).join(' · ') })
}
