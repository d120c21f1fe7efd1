// One WHEP session: a ticket buys a picture from the centre; closing it gives the place back at once.
import { answer, api } from '@/api/client'
import { ApiError, type Problem } from '@/api/errors'
import { relaysOf } from './links'
import type { Sent, Ticket } from '@/api/types'
import { offerOf } from '@/webrtc/offer'
import { serversOf } from '@/webrtc/way'

export interface Whep {
  peer: RTCPeerConnection
  // relays are those that the centre named with its answer.
  relays: RTCIceServer[]
  // name is the session's at the centre.
  name: string
  close: () => void
}

// ticketFor asks for a picture; with a reason also when the terminal's data budget is used up.
export function ticketFor(stream: string, reason = ''): Promise<Ticket> {
  return answer(api.POST('/streams/{id}/watch', { params: { path: { id: stream } }, body: reason ? { reason } : undefined }))
}

// relays are what leads around a firewall that lets no picture through; named are those known already. None when
// there are none to be had.
export async function relays(named: RTCIceServer[] = []): Promise<RTCIceServer[]> {
  if (named.length) return named
  try {
    return serversOf((await answer(api.GET('/ice-servers'))).items)
  } catch {
    return []
  }
}

// sentTo asks what a session gets of its picture, with the token that opened it.
export async function sentTo(ticket: Pick<Ticket, 'whep' | 'token'>, session: string, signal: AbortSignal): Promise<Sent> {
  const response = await fetch(new URL(`${ticket.whep}/${session}/layer`, location.href), { headers: { Authorization: `Bearer ${ticket.token}` }, signal })
  if (!response.ok) throw new ApiError(response.status, (await response.json().catch(() => ({}))) as Problem)
  return (await response.json()) as Sent
}

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

// openWhep asks for the picture of the ticket's stream, or for its sound; onTrack gets it when it begins to come. Sound is
// asked for by itself: the terminal sends it with the main stream alone, which then leaves it for as long.
export async function openWhep(ticket: Ticket, onTrack: (media: MediaStream) => void, signal: AbortSignal, iceServers: RTCIceServer[] = [], kind: 'video' | 'audio' = 'video'): Promise<Whep> {
  const peer = new RTCPeerConnection({ iceServers })
  let session: Session | undefined
  function close(): void {
    // A centre that hears nothing of this computer ends the session by itself, and may have done so.
    const gone = ['failed', 'disconnected'].includes(peer.connectionState)
    peer.close()
    if (!gone) session?.end()
    session = undefined
  }
  try {
    peer.addTransceiver(kind, { direction: 'recvonly' })
    peer.ontrack = (e) => onTrack(e.streams[0] ?? new MediaStream([e.track]))
    session = await beginSession(ticket.whep, ticket.token, await offerOf(peer), signal)
    await peer.setRemoteDescription({ type: 'answer', sdp: session.sdp })
    signal.throwIfAborted()
    return { peer, close, relays: session.relays, name: session.name }
  } catch (failure) {
    close()
    throw failure
  }
}
