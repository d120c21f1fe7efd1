// One WHIP session (RFC 9725): what a phone sees and hears goes to the centre, and what is spoken to the scene comes back.
import { prefer, sent } from '@/webrtc/codec'
import { offerOf } from '@/webrtc/offer'
import { beginSession, type Session } from '@/webrtc/session'

// Pass is what the address of a link carries: the stream in its path, the token behind #, which reaches no log.
export interface Pass {
  stream: string
  token: string
}

export interface Whip {
  peer: RTCPeerConnection
  video: RTCRtpSender
  audio: RTCRtpSender
  // relays are those that the centre named with its answer.
  relays: RTCIceServer[]
  close: () => void
}

// How much a second a phone may send: data is paid for, and the link is bad.
export const rates = { low: 300_000, middle: 800_000, high: 1_800_000 } as const
export type Rate = keyof typeof rates

interface Wishes {
  over: boolean // take over from whoever sends now
  relays: RTCIceServer[]
  heard: (sound: MediaStream) => void
}

// openWhip sends a picture and its sound.
export async function openWhip(pass: Pass, media: MediaStream, wishes: Wishes, signal: AbortSignal): Promise<Whip> {
  const peer = new RTCPeerConnection({ iceServers: wishes.relays })
  let session: Session | undefined
  function close(): void {
    peer.close()
    session?.end()
    session = undefined
  }
  try {
    // Nothing is sent before somebody wants it; the session stands, so that the phone can be spoken to.
    const video = peer.addTransceiver('video', { direction: 'sendonly', streams: [media] })
    prefer(video, sent())
    const audio = peer.addTransceiver('audio', { direction: 'sendrecv', streams: [media] })
    peer.ontrack = (e) => wishes.heard(e.streams[0] ?? new MediaStream([e.track]))
    const offer = await offerOf(peer)
    const address = `/whip/${encodeURIComponent(pass.stream)}${wishes.over ? '?takeover=true' : ''}`
    session = await beginSession(address, pass.token, offer, signal)
    await peer.setRemoteDescription({ type: 'answer', sdp: session.sdp })
    signal.throwIfAborted()
    return { peer, video: video.sender, audio: audio.sender, close, relays: session.relays }
  } catch (failure) {
    close()
    throw failure
  }
}
