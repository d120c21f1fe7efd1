// One WHEP session: a ticket buys a picture from the centre; closing it gives the place back at once.
import { answer, api } from '@/api/client'
import { ApiError, type Problem } from '@/api/errors'
import type { Sent, Ticket } from '@/api/types'
import { prefer, received } from '@/webrtc/codec'
import { offerOf } from '@/webrtc/offer'
import { beginSession, type Session } from '@/webrtc/session'

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

// sentTo asks what a session gets of its picture, with the token that opened it.
export async function sentTo(ticket: Pick<Ticket, 'whep' | 'token'>, session: string, signal: AbortSignal): Promise<Sent> {
  const response = await fetch(new URL(`${ticket.whep}/${session}/layer`, location.href), { headers: { Authorization: `Bearer ${ticket.token}` }, signal })
  if (!response.ok) throw new ApiError(response.status, (await response.json().catch(() => ({}))) as Problem)
  return (await response.json()) as Sent
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
    const one = peer.addTransceiver(kind, { direction: 'recvonly' })
    if (kind === 'video') prefer(one, received())
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
