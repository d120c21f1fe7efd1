// What is offered of pictures: H.264 alone, which is what the centre passes on. It sends lost packets again within the
// picture itself, so that no codec for retransmissions is offered either, and offers of many pictures stay short.

export function h264(can: Pick<RTCRtpCapabilities, 'codecs'> | null): RTCRtpCodec[] {
  return (can?.codecs ?? []).filter((c) => c.mimeType.toLowerCase() === 'video/h264' && c.sdpFmtpLine?.includes('packetization-mode=1'))
}

// NoCodec: this browser has no H.264.
export class NoCodec extends Error {}

// prefer has one picture offered in H.264; NoCodec where this browser has none.
export function prefer(one: RTCRtpTransceiver, codecs: RTCRtpCodec[]): void {
  if (codecs.length === 0) throw new NoCodec()
  one.setCodecPreferences(codecs)
}

export const received = (): RTCRtpCodec[] => h264(RTCRtpReceiver.getCapabilities('video'))
export const sent = (): RTCRtpCodec[] => h264(RTCRtpSender.getCapabilities('video'))
