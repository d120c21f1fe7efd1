// The one connection of somebody in a room: what they send, the shared scene, the pictures and the sounds of the seats.
// Its order is that of the centre: one sound and one picture out (not for a listener), 9 pictures and 8 sounds in.
import type { Door, Entry } from './door'
import type { Scene } from './types'
import { prefer, received, sent } from '@/webrtc/codec'
import { offerOf } from '@/webrtc/offer'

export const seats = 8
// A head needs no more; eight of them go down one line.
const mostBits = 600_000

export class RoomPeer {
  // kept is what plays of a receiver: the same each time it is asked for, so that a page drawn anew begins no picture anew.
  private readonly kept = new Map<RTCRtpReceiver, MediaStream>()

  private constructor(
    readonly peer: RTCPeerConnection,
    private readonly pictures: RTCRtpReceiver[],
    private readonly sounds: RTCRtpReceiver[],
    private readonly sound: RTCRtpSender | undefined,
    private readonly picture: RTCRtpSender | undefined,
  ) {}

  static async open(door: Door, media: MediaStream | undefined, wish: Omit<Entry, 'sdp'>, iceServers: RTCIceServer[], signal: AbortSignal): Promise<{ room: RoomPeer; scene: Scene }> {
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers })
    try {
      let sound: RTCRtpSender | undefined
      let picture: RTCRtpSender | undefined
      if (!wish.listen) {
        sound = peer.addTransceiver('audio', { direction: 'sendonly' }).sender
        const out = peer.addTransceiver('video', { direction: 'sendonly' })
        prefer(out, sent())
        picture = out.sender
      }
      const codecs = received()
      const receive = (kind: 'video' | 'audio', n: number) => Array.from({ length: n }, () => {
        const one = peer.addTransceiver(kind, { direction: 'recvonly' })
        if (kind === 'video') prefer(one, codecs)
        return one.receiver
      })
      const room = new RoomPeer(peer, receive('video', seats + 1), receive('audio', seats), sound, picture)
      await room.send(media)
      const entered = await door.enter({ ...wish, sdp: await offerOf(peer) }, signal)
      signal.throwIfAborted()
      await peer.setRemoteDescription({ type: 'answer', sdp: entered.sdp })
      await room.limit()
      return { room, scene: entered.scene }
    } catch (failure) {
      peer.close()
      throw failure
    }
  }

  // send changes what is sent; nothing is negotiated for it.
  async send(media: MediaStream | undefined): Promise<void> {
    await this.sound?.replaceTrack(media?.getAudioTracks()[0] ?? null)
    await this.picture?.replaceTrack(media?.getVideoTracks()[0] ?? null)
  }

  private async limit(): Promise<void> {
    if (!this.picture) return
    const p = this.picture.getParameters()
    for (const e of p.encodings) e.maxBitrate = mostBits
    await this.picture.setParameters(p).catch(() => undefined) // a browser without it sends what its own estimate allows
  }

  // shared is the scene that all look at, face the picture of a seat, voice its sound.
  shared(): MediaStream | undefined {
    return this.of(this.pictures[0])
  }
  face(seat: number): MediaStream | undefined {
    return this.of(this.pictures[seat + 1])
  }
  voice(seat: number): MediaStream | undefined {
    return this.of(this.sounds[seat])
  }
  private of(receiver: RTCRtpReceiver | undefined): MediaStream | undefined {
    if (!receiver) return undefined
    const known = this.kept.get(receiver) ?? new MediaStream([receiver.track])
    this.kept.set(receiver, known)
    return known
  }

  close(): void {
    this.peer.close()
  }
}
