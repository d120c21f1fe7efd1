// A picture that somebody froze is kept at the centre, with its camera and moment.
import { answer, api } from './client'
import { jpeg } from './jpeg'
import type { Snapshot } from './types'

// drawn is what a video shows at this moment; undefined while it shows nothing.
export async function drawn(video: HTMLVideoElement): Promise<Blob | undefined> {
  if (!video.videoWidth) return undefined
  const canvas = document.createElement('canvas')
  canvas.width = video.videoWidth
  canvas.height = video.videoHeight
  canvas.getContext('2d')?.drawImage(video, 0, 0)
  return await jpeg(canvas)
}

// keepPicture keeps a picture that was frozen, for an incident when a reference names one.
export async function keepPicture(picture: Blob, stream: string, at: number, reference = '', note = ''): Promise<Snapshot> {
  return await answer(api.POST('/snapshots', {
    params: { query: { stream, at: new Date(at).toISOString(), origin: 'live', ...(reference ? { reference } : {}), ...(note ? { note } : {}) } },
    body: picture as never, bodySerializer: (body: unknown) => body as Blob, headers: { 'Content-Type': 'application/octet-stream' },
  })) as Snapshot
}

// keepSnapshot keeps what a video shows; undefined when it shows nothing.
export async function keepSnapshot(video: HTMLVideoElement, stream: string, at: number, origin: 'live' | 'replay'): Promise<Snapshot | undefined> {
  const picture = await drawn(video)
  if (!picture) return undefined
  return await answer(api.POST('/snapshots', {
    params: { query: { stream, at: new Date(at).toISOString(), origin } },
    body: picture as never, bodySerializer: (body: unknown) => body as Blob, headers: { 'Content-Type': 'application/octet-stream' },
  })) as Snapshot
}
