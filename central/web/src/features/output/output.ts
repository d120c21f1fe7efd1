// How a siren or a relay stands and what may be done with it, apart from words. Pure.
import type { Output, Switching } from '@/api/types'

export type Standing = 'on' | 'off' | 'unknown'

export function standing(o: Output): Standing {
  if (o.on === undefined) return 'unknown'
  return o.on ? 'on' : 'off'
}

// away reports whether it is not in its safe state, as far as is known: then it can be brought back.
export function away(o: Output): boolean {
  return o.on === undefined || o.on !== o.safe
}

// firstSeconds is what the dialog proposes: a minute, or as long as the output may.
export function firstSeconds(o: Output): number {
  return o.max_on > 0 ? Math.min(60, o.max_on) : 60
}

// secondsFault says why a time is refused, '' when it is fine.
export function secondsFault(seconds: unknown, o: Output): '' | 'none' | 'long' {
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1) return 'none'
  return o.max_on > 0 && seconds > o.max_on ? 'long' : ''
}

export interface Cause {
  kind: 'command' | 'alarm'
  rule: string
  device: string
  property: string
}

// causesOf reads why an output is away from its safe state: "command", or rule, device and property of an alarm.
export function causesOf(o: Output): Cause[] {
  return (o.why ?? []).map((text) => {
    const [rule = '', device = '', property = ''] = text.split(' ')
    return text === 'command' ? { kind: 'command', rule: '', device: '', property: '' } : { kind: 'alarm', rule, device, property }
  })
}

// What a person wants of an output, and what is known of it: nothing is shown as done that the terminal has
// not confirmed.
export type Phase = 'sending' | 'confirmed' | 'refused' | 'unanswered' | 'failed' | 'late_ok' | 'late_refused'

export interface Told {
  phase: Phase
  on: boolean
  at: number
  why: string
}

// phaseOf is what an answer of the centre means.
export function phaseOf(outcome: { ok: boolean }): Phase {
  return outcome.ok ? 'confirmed' : 'refused'
}

// phaseOfFailure tells an order nobody knows the end of from one that was never sent.
export function phaseOfFailure(status: number, code: string): Phase {
  return code === 'device.no_answer' || status === 0 || status === 504 ? 'unanswered' : 'failed'
}

// lateOf is what is known of an order without an answer once the terminal has answered after all; log is the
// newest orders of its output.
export function lateOf(told: Told, log: readonly Switching[]): Told {
  const mine = log.find((s) => s.on === told.on)
  if (told.phase !== 'unanswered' || !mine?.late_at) return told
  return { ...told, phase: mine.ok ? 'late_ok' : 'late_refused', at: Date.parse(mine.late_at), why: mine.error ?? '' }
}
