// One connection to the centre that carries many pictures: which stream is at which place is said by requests, the
// connection itself stays as it is.
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import type { Most } from './layer'
import { prefer, received } from '@/webrtc/codec'
import { offerOf } from '@/webrtc/offer'

// Sixteen places are seen, four make the next pictures of a tour ready.
export const places = 20
export const spare = 16

export interface Wish {
  place: number
  stream: string
  // layer is the most that is wanted: sub for a small tile.
  layer?: Most
}

export interface Placed extends Wish {
  // session is that of what is shown.
  session: string
  // after is the RTP time of the last packet of what was at the place before; later ones are of the new stream.
  after?: number
  failure?: ApiError
}

export class WallPeer {
  private constructor(
    readonly peer: RTCPeerConnection,
    private readonly session: string,
    private readonly receivers: RTCRtpReceiver[],
  ) {}

  static async open(signal: AbortSignal, iceServers: RTCIceServer[] = []): Promise<WallPeer> {
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers })
    try {
      const codecs = received()
      const receivers = Array.from({ length: places }, () => {
        const transceiver = peer.addTransceiver('video', { direction: 'recvonly' })
        prefer(transceiver, codecs)
        return transceiver.receiver
      })
      const opened = await answer(api.POST('/wall-sessions', { body: { sdp: await offerOf(peer) }, signal }))
      const mine = new WallPeer(peer, opened.session, receivers)
      if (signal.aborted) {
        mine.close()
        signal.throwIfAborted()
      }
      await peer.setRemoteDescription({ type: 'answer', sdp: opened.sdp })
      return mine
    } catch (failure) {
      peer.close()
      throw failure
    }
  }

  // put says what is shown where; places that are not named stay as they are.
  async put(wishes: readonly Wish[], reason = ''): Promise<Placed[]> {
    const body = { places: [...wishes], reason }
    const { items } = await answer(api.PUT('/wall-sessions/{session}/places', { params: { path: { session: this.session } }, body }))
    return (items ?? []).map((p) => ({
      place: p.place, stream: p.stream ?? '', session: p.session ?? '', after: p.after, failure: p.problem ? new ApiError(p.problem.status, p.problem) : undefined,
    }))
  }

  media(place: number): MediaStream {
    const track = this.receivers[place]?.track
    return new MediaStream(track ? [track] : [])
  }

  // newest is the RTP time of the picture that is shown at a place, undefined while there was none.
  newest(place: number): number | undefined {
    return this.receivers[place]?.getSynchronizationSources()[0]?.rtpTimestamp
  }

  close(): void {
    const gone = ['failed', 'disconnected'].includes(this.peer.connectionState)
    this.peer.close()
    if (gone) return // the centre hears nothing of this computer and ends the session by itself
    // keepalive lets the farewell through while the page is being left.
    void api.DELETE('/wall-sessions/{session}', { params: { path: { session: this.session } }, keepalive: true }).catch(() => {})
  }
}
