// What stands in the middle of a room, and what is to be done about a failure. Pure.
import { ApiError } from '@/api/errors'
import type { Person, Scene } from './types'

// Phase of a page: lost goes on by itself, the others need a person.
export type Phase = 'looking' | 'door' | 'entering' | 'in' | 'lost' | 'elsewhere' | 'ended' | 'out' | 'failed'

// middle is what is large: a seat, the shared scene or map, or nothing.
export type Middle = { kind: 'seat'; seat: number } | { kind: 'scene' } | { kind: 'map' } | { kind: 'none' }

// middleOf is what is large for a person: what they chose, else what is shared, else who speaks; nobody looks at
// themselves.
export function middleOf(scene: Scene, chosen: number | 'shared' | undefined): Middle {
  const people = scene.people ?? []
  const shown = (seat: number) => people.some((p) => p.seat === seat)
  if (typeof chosen === 'number' && shown(chosen)) return { kind: 'seat', seat: chosen }
  if (scene.room.share.kind === 'scene') return { kind: 'scene' }
  if (scene.room.share.kind === 'map') return { kind: 'map' }
  const own = people.find((p) => p.id === scene.you)?.seat ?? -1
  if (scene.speaker >= 0 && scene.speaker !== own && shown(scene.speaker)) return { kind: 'seat', seat: scene.speaker }
  const other = people.filter((p) => p.seat >= 0 && p.seat !== own).sort((a, b) => a.seat - b.seat)[0]
  return other ? { kind: 'seat', seat: other.seat } : { kind: 'none' }
}

// after is what a page does about an answer of the centre: time heals a link that is broken and a centre that starts.
export function after(failure: unknown): Phase {
  if (!(failure instanceof ApiError)) return 'failed'
  if (failure.code === 'consult.no_place') return 'lost'
  if (failure.code === 'consult.elsewhere') return 'elsewhere'
  if (failure.code === 'consult.ended') return 'ended'
  if ([401, 403, 404].includes(failure.status)) return 'out'
  return [400, 409, 415, 422].includes(failure.status) ? 'failed' : 'lost'
}

// trouble names why a camera or microphone cannot be had, by the browser's word for it.
export function trouble(failure: unknown): 'refused' | 'none' | 'taken' | 'insecure' {
  if (!globalThis.isSecureContext) return 'insecure'
  const name = failure instanceof DOMException ? failure.name : ''
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused'
  return name === 'NotReadableError' || name === 'AbortError' ? 'taken' : 'none'
}

// lessSeen are the names of those who see less on the shared map than who leads it: a part, or the base map alone.
export function lessSeen(people: readonly Person[]): { part: string[]; none: string[] } {
  const those = (sight: Person['map']) => people.filter((p) => p.map === sight).map((p) => p.name)
  return { part: those('part'), none: those('none') }
}

export const speaks = (scene: Scene, p: Person): boolean => p.seat >= 0 && p.seat === scene.speaker
