// Links by which somebody without an account sends or watches one picture.
import type { components } from '@/api/schema'

export type StreamLink = components['schemas']['StreamLink']
export type Shared = components['schemas']['Shared']

// addressOf is what a QR code carries: the token stands behind #, which no server's log sees.
export function addressOf(shared: Shared, origin: string): string {
  return `${origin}${shared.page}#${shared.token}`
}

// A link that has closed takes in what its phone wrote before, for so many hours.
export const lateHours = 72

// lateUntil is until when a link that has closed takes in what was written before; 0 when it takes nothing.
export function lateUntil(link: Pick<StreamLink, 'action' | 'state' | 'late_until' | 'expires_at'>, now: number): number {
  if (link.action !== 'publish' || link.state === 'open') return 0
  const until = link.state === 'ended' ? Date.parse(link.late_until ?? '') || 0 : Date.parse(link.expires_at) + lateHours * 3_600_000
  return until > now ? until : 0
}
