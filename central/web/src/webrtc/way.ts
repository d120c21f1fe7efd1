// How this page reaches the video port of the centre: by itself, or around a firewall by a relay that the centre named.

// Named are relays as the centre names them in its answers.
export type Named = readonly { urls: string[] | null; username: string; credential: string }[] | null | undefined

export function serversOf(named: Named): RTCIceServer[] {
  return (named ?? []).map((r) => ({ ...r, urls: r.urls ?? [] }))
}

// Without these the port was not reached from here.
let around: RTCIceServer[] = []

// way is what the next connection goes by.
export const way = (): RTCIceServer[] => around

// blocked is told that a connection found no way; named are the relays of its answer. It reports whether another try goes
// another way. One by relays that failed as well (a credential has its time) begins anew without.
export function blocked(used: RTCIceServer[], named: RTCIceServer[]): boolean {
  around = used.length ? [] : named
  return around.length > 0
}

// Without a way to the centre's video port for so long there is none. The centre itself gives up after 8 s; whoever is
// earlier can say goodbye, and keep the terminal sending for the next try.
export const noWayMs = 7000
// A connection that is only disconnected may come back by itself for so long.
export const patienceMs = 3000

// up: it stands · down: it is broken, and may come back · lost: it does not · none: there never was a way.
export type Path = 'up' | 'down' | 'lost' | 'none'

// follow tells how it stands with a connection, until lost or none, or until it is ended.
export function follow(peer: RTCPeerConnection, told: (path: Path) => void, noWay = noWayMs): () => void {
  let stood = false
  let waiting: ReturnType<typeof setTimeout> | undefined
  const end = () => {
    clearTimeout(waiting)
    peer.removeEventListener('connectionstatechange', look)
  }
  const over = () => {
    end()
    told(stood ? 'lost' : 'none')
  }
  function look(): void {
    switch (peer.connectionState) {
      case 'connected':
        clearTimeout(waiting)
        stood = true
        told('up')
        break
      case 'disconnected':
        if (!stood) break
        clearTimeout(waiting)
        waiting = setTimeout(over, patienceMs)
        told('down')
        break
      case 'failed':
      case 'closed':
        over()
        break
      case 'new':
      case 'connecting': // what waits goes on
    }
  }
  waiting = setTimeout(over, noWay)
  peer.addEventListener('connectionstatechange', look)
  if (peer.connectionState !== 'new' && peer.connectionState !== 'connecting') look() // it was quicker than this page
  return end
}

// NoPath: this computer does not reach the centre's video port.
export class NoPath extends Error {
  constructor(readonly port: string) {
    super()
  }
}
