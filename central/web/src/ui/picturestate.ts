// One vocabulary for the picture of a camera that somebody sends by a link. Pure.
import type { Device, Stream } from '@/api/types'

export type PictureState = 'none' | 'standby' | 'starting' | 'live' | 'frozen'

// pictureOf is undefined for what is no such camera: its device has states of its own.
export function pictureOf(device: Pick<Device, 'kind' | 'parent' | 'state'>, stream?: Pick<Stream, 'state' | 'standby'>): PictureState | undefined {
  if (device.kind !== 'camera' || device.parent || device.state === 'revoked') return undefined
  if (stream && stream.state !== 'idle') return stream.state
  return stream?.standby ? 'standby' : 'none'
}
