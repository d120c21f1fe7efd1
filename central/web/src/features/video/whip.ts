// One WHIP session (RFC 9725): this browser's camera and microphone go to the centre.
import { ApiError, type Problem } from '@/api/errors'
import { gathered } from './whep'

export interface Whip {
  peer: RTCPeerConnection
  close: () => void
}

// openWhip sends the tracks of a medium as a stream. over takes over from whoever sends it now.
export async function openWhip(stream: string, token: string, media: MediaStream, signal: AbortSignal, over = false): Promise<Whip> {
  const peer = new RTCPeerConnection()
  let place: URL | undefined
  const authorization = { Authorization: `Bearer ${token}` }
  function close(): void {
    peer.close()
    // keepalive lets the farewell through while the page is being left; else the centre notices within seconds.
    if (place) void fetch(place, { method: 'DELETE', keepalive: true, headers: authorization }).catch(() => {})
    place = undefined
  }
  try {
    for (const track of media.getTracks()) peer.addTransceiver(track, { direction: track.kind === 'audio' ? 'sendrecv' : 'sendonly', streams: [media] })
    await peer.setLocalDescription(await peer.createOffer())
    await gathered(peer)
    let response: Response
    try {
      response = await fetch(new URL(`/whip/${encodeURIComponent(stream)}${over ? '?takeover=true' : ''}`, location.href), {
        method: 'POST', headers: { ...authorization, 'Content-Type': 'application/sdp' }, body: peer.localDescription?.sdp ?? '', signal,
      })
    } catch (failure) {
      throw signal.aborted ? failure : new ApiError(0)
    }
    if (!response.ok) throw new ApiError(response.status, (await response.json().catch(() => ({}))) as Problem)
    const where = response.headers.get('Location')
    place = where ? new URL(where, response.url) : undefined
    await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() })
    signal.throwIfAborted()
    return { peer, close }
  } catch (failure) {
    close()
    throw failure
  }
}
