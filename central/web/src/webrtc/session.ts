// Sessions that begin with one request: WHIP (RFC 9725) to send, WHEP to watch.
import { ApiError, type Problem } from '@/api/errors'

// Session is what the centre has answered to an offer; end gives its place back, also while the page is being left.
export interface Session {
  sdp: string
  name: string
  relays: RTCIceServer[]
  end: () => void
}

// beginSession offers a session (WHIP, RFC 9725; WHEP) and takes the answer.
export async function beginSession(address: string, token: string, offer: string, signal: AbortSignal): Promise<Session> {
  const authorization = { Authorization: `Bearer ${token}` }
  let response: Response
  try {
    response = await fetch(new URL(address, location.href), {
      method: 'POST',
      headers: { 'Content-Type': 'application/sdp', Accept: 'application/sdp', ...authorization },
      body: offer,
      signal,
    })
  } catch (failure) {
    if (signal.aborted) throw failure
    throw new ApiError(0)
  }
  if (!response.ok) throw new ApiError(response.status, (await response.json().catch(() => ({}))) as Problem)
  const where = response.headers.get('Location')
  let place = where ? new URL(where, response.url) : undefined
  return {
    sdp: await response.text(),
    name: place?.pathname.split('/').at(-1) ?? '',
    relays: relaysOf(response.headers.get('Link')),
    end() {
      // keepalive lets the farewell through; the centre notices by itself when it is lost.
      if (place) void fetch(place, { method: 'DELETE', keepalive: true, headers: authorization }).catch(() => undefined)
      place = undefined
    },
  }
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
