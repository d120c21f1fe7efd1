// A picture that somebody froze is kept at the centre, with its camera and moment.
import { answer, api } from './client'
import { jpeg } from './jpeg'
import type { Snapshot } from './types'

const patienceMs = 3000
const shows = (video: HTMLVideoElement): boolean => !video.seeking && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA

// settled waits until a video shows the picture that it was sent to: before that, what is drawn of it is black.
async function settled(video: HTMLVideoElement): Promise<boolean> {
  const until = performance.now() + patienceMs
  while (!shows(video) && performance.now() < until) await new Promise((next) => setTimeout(next, 20))
  return shows(video)
}

// drawn is what a video shows at this moment; undefined while it shows nothing.
export async function drawn(video: HTMLVideoElement): Promise<Blob | undefined> {
  if (!video.videoWidth || !(await settled(video))) return undefined
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  canvas.getContext('2d')?.drawImage(video, 0, 0)
  return await jpeg(canvas)
}

// keepPicture keeps a picture that was frozen, for an incident when a reference names one.
export async function keepPicture(picture: Blob, stream: string, at: number, about: { origin?: 'live' | 'replay'; reference?: string; note?: string } = {}): Promise<Snapshot> {
  const { origin = 'live', reference, note } = about
  return await answer(api.POST('/snapshots', {
    params: { query: { stream, at: new Date(at).toISOString(), origin, ...(reference ? { reference } : {}), ...(note ? { note } : {}) } },
    body: picture as never, bodySerializer: (body: unknown) => body as Blob, headers: { 'Content-Type': 'application/octet-stream' },
  })) as Snapshot
}
