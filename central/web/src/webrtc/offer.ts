// Offers of connections to the centre.

// Candidates are sent with the offer; on a slow interface we do not wait for all of them.
const gatherMs = 600

function gathered(peer: RTCPeerConnection): Promise<void> {
  if (peer.iceGatheringState === 'complete') return Promise.resolve()
  return new Promise((done) => {
    const limit = setTimeout(done, gatherMs)
    peer.addEventListener('icegatheringstatechange', () => {
      if (peer.iceGatheringState !== 'complete') return
      clearTimeout(limit)
      done()
    })
  })
}

// offerOf is what a connection offers, with its candidates.
export async function offerOf(peer: RTCPeerConnection): Promise<string> {
  await peer.setLocalDescription(await peer.createOffer())
  await gathered(peer)
  return peer.localDescription?.sdp ?? ''
}

// portOf is the port of the centre in its answer; empty when there is none.
export function portOf(sdp: string): string {
  return /^a=candidate:\S+ \d+ \S+ \d+ \S+ (\d+) /m.exec(sdp)?.[1] ?? ''
}
