// How far a roll-out is, apart from words. Pure.
import type { Agent, Rollout, RolloutMember } from '@/api/types'
import { linesOf } from '@/features/device/configform'

// What stands for one terminal: sent is told apart from tried by the terminal's own word.
export type Stand = 'waiting' | 'sent' | 'trial' | 'done' | 'failed' | 'skipped'

export const stands: readonly Stand[] = ['done', 'trial', 'sent', 'waiting', 'failed', 'skipped']

export function standOf(m: RolloutMember, applied: Agent['applied']): Stand {
  if (m.state === 'sent' && applied?.trial && m.number && applied.version === m.number) return 'trial'
  return stands.find((s) => s === m.state) ?? 'waiting'
}

// counts are how many terminals stand where.
export function counts(members: readonly Stand[]): Record<Stand, number> {
  const out: Record<Stand, number> = { waiting: 0, sent: 0, trial: 0, done: 0, failed: 0, skipped: 0 }
  for (const m of members) out[m]++
  return out
}

// The parts of a configuration that a roll-out may replace; sensors and cameras belong to one terminal,
// rules to the rule book.
export const partNames = ['budget', 'log', 'outbox'] as const

export type Parts = Record<string, unknown>

// partsOf takes the parts out of the document of a terminal.
export function partsOf(document: Parts, names: readonly string[]): Parts {
  return Object.fromEntries(names.filter((n) => n in document).map((n) => [n, document[n]]))
}

// merged is what a terminal will run: each part in place of its own, null for the default.
export function merged(document: Parts, parts: Parts): Parts {
  const out = { ...document }
  for (const [name, part] of Object.entries(parts)) {
    if (part === null) delete out[name]
    else out[name] = part
  }
  return Object.fromEntries(Object.entries(out).sort(([a], [b]) => a.localeCompare(b)))
}

// read says what is wrong with the text of parts: '' or why it is no JSON, or a part that cannot be rolled out.
export function read(text: string): { parts: Parts; fault: '' | 'json' | 'part' | 'empty'; detail: string } {
  let parts: unknown
  try {
    parts = JSON.parse(text)
  } catch {
    return { parts: {}, fault: 'json', detail: String(linesOf(text).broken ?? 1) }
  }
  if (typeof parts !== 'object' || parts === null || Array.isArray(parts)) return { parts: {}, fault: 'json', detail: '1' }
  const names = Object.keys(parts)
  const foreign = names.find((n) => !partNames.some((p) => p === n))
  if (foreign !== undefined) return { parts: {}, fault: 'part', detail: foreign }
  return { parts: parts as Parts, fault: names.length ? '' : 'empty', detail: '' }
}

// isOpen reports whether something may still change.
export function isOpen(r: Rollout): boolean {
  return r.state === 'rolling' || r.state === 'paused' || (r.members ?? []).some((m) => m.state === 'sent')
}
