// Links by which somebody without an account sends or watches one picture.
import type { components } from '@/api/schema'

export type StreamLink = components['schemas']['StreamLink']
export type Shared = components['schemas']['Shared']

// addressOf is what a QR code carries: the token stands behind #, which no server's log sees.
export function addressOf(shared: Shared, origin: string): string {
  return `${origin}${shared.page}#${shared.token}`
}

// relaysOf reads the relays that the centre names in the Link headers of its answer (RFC 9725 §4.6).
export function relaysOf(header: string | null): RTCIceServer[] {
  const found: RTCIceServer[] = []
  for (const [, urls, rest] of (header ?? '').matchAll(/<([^>]+)>((?:\s*;\s*[\w-]+="[^"]*")*)/g)) {
    const part = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(rest ?? '')?.[1] ?? ''
    if (urls && part('rel') === 'ice-server') found.push({ urls, username: part('username'), credential: part('credential') })
  }
  return found
}
