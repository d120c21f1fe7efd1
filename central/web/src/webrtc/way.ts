// How this page reaches the video port of the centre: by itself, or around a firewall by a relay that the centre named.

import { portOf } from './offer'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'

// Named are relays as the centre names them in its answers.
export type Named = readonly { urls: string[] | null; username: string; credential: string }[] | null | undefined

export function serversOf(named: Named): RTCIceServer[] {
  return (named ?? []).map((r) => ({ ...r, urls: r.urls ?? [] }))
}

// relays are what leads around a firewall that lets no picture through, for whoever has an account; none when there are none
// to be had.
export async function relays(): Promise<RTCIceServer[]> {
  try {
    return serversOf((await answer(api.GET('/ice-servers'))).items)
  } catch {
    return []
  }
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

// keep follows a connection that is to be made anew when it is lost: by the relays that named asks for where there never
// was a way. It tells nothing after it was ended.
export function keep(peer: RTCPeerConnection, used: RTCIceServer[], named: () => Promise<RTCIceServer[]>, told: { up: () => void; lost: (failure: Error) => void }): () => void {
  let ended = false
  const unfollow = follow(peer, (path) => {
    if (path === 'up') told.up()
    else if (path === 'lost') told.lost(new ApiError(0))
    else if (path === 'none') {
      void named().then((relays) => {
        if (ended) return
        blocked(used, relays)
        told.lost(new NoPath(portOf(peer.remoteDescription?.sdp ?? '')))
      })
    }
  })
  return () => {
    ended = true
    unfollow()
  }
}
