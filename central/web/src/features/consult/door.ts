// The two doors of a room: with an account, or by the link of somebody from outside. Both ask the same questions.
import { answer, api } from '@/api/client'
import type { Scene, Whole } from './types'
import { relays, serversOf } from '@/webrtc/way'

export interface Entry {
  sdp: string
  listen: boolean
  camera: boolean
  over: boolean
  consent: boolean
}

export interface Signs {
  camera: boolean
  quiet: boolean
  hand: boolean
}

export interface Door {
  guest: boolean
  look: () => Promise<Whole>
  // relays are for a browser that does not reach the port of pictures.
  relays: () => Promise<RTCIceServer[]>
  enter: (entry: Entry, signal: AbortSignal) => Promise<{ sdp: string; scene: Scene }>
  news: (after: number, signal: AbortSignal) => Promise<Scene>
  sign: (signs: Signs) => Promise<void>
  // leave also while the page is being left; the centre keeps the place for a while when it is lost.
  leave: () => void
}

// tabKey names this tab: kept over a reload, so that a page that is loaded again has its place.
export function tabKey(room: string): string {
  const name = 'fengsui.consult.' + room
  const kept = sessionStorage.getItem(name)
  if (kept) return kept
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const key = [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')
  sessionStorage.setItem(name, key)
  return key
}

export function memberDoor(id: string): Door {
  const path = { id }
  const query = { key: tabKey(id) }
  return {
    guest: false,
    look: async () => await answer(api.GET('/consults/{id}', { params: { path, query } })),
    relays,
    enter: async (body, signal) => await answer(api.POST('/consults/{id}/place', { params: { path, query }, body, signal })),
    news: async (after, signal) => await answer(api.GET('/consults/{id}/place', { params: { path, query: { ...query, after } }, signal })),
    sign: async (body) => void (await api.PUT('/consults/{id}/place', { params: { path, query }, body })),
    leave: () => void api.DELETE('/consults/{id}/place', { params: { path, query }, keepalive: true }).catch(() => undefined),
  }
}

export function guestDoor(id: string, token: string): Door {
  const path = { id }
  const query = { key: tabKey(id) }
  const header = { 'Fengsui-Guest': token }
  return {
    guest: true,
    look: async () => await answer(api.GET('/consults/{id}/guest', { params: { path, query, header } })),
    relays: async () => {
      try {
        return serversOf((await answer(api.GET('/consults/{id}/guest/relays', { params: { path, header } }))).items)
      } catch {
        return [] // the direct way may still be there
      }
    },
    enter: async (body, signal) => await answer(api.POST('/consults/{id}/guest/place', { params: { path, query, header }, body, signal })),
    news: async (after, signal) => await answer(api.GET('/consults/{id}/guest/place', { params: { path, header, query: { ...query, after } }, signal })),
    sign: async (body) => void (await api.PUT('/consults/{id}/guest/place', { params: { path, query, header }, body })),
    leave: () => void api.DELETE('/consults/{id}/guest/place', { params: { path, query, header }, keepalive: true }).catch(() => undefined),
  }
}
