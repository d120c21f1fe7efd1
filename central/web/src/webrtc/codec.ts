// What is offered of pictures: H.264 alone, which is what the centre passes on. It sends lost packets again within the
// picture itself, so that no codec for retransmissions is offered either, and offers of many pictures stay short.

export function h264(can: Pick<RTCRtpCapabilities, 'codecs'> | null): RTCRtpCodec[] {
  return (can?.codecs ?? []).filter((c) => c.mimeType.toLowerCase() === 'video/h264' && c.sdpFmtpLine?.includes('packetization-mode=1'))
}

// prefer has one picture offered in H.264; it reports whether this browser has that.
export function prefer(one: RTCRtpTransceiver, codecs: RTCRtpCodec[]): boolean {
  if (codecs.length) one.setCodecPreferences(codecs)
  return codecs.length > 0
}

export const received = (): RTCRtpCodec[] => h264(RTCRtpReceiver.getCapabilities('video'))
export const sent = (): RTCRtpCodec[] => h264(RTCRtpSender.getCapabilities('video'))
