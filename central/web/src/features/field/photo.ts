// A picture of the phone's camera, drawn anew and small: that leaves out what the file says of time, place and phone.
import { jpeg } from '@/api/jpeg'

const longest = 1280

export class NoPicture extends Error {}

export async function drawn(file: Blob): Promise<Blob> {
  let picture: ImageBitmap
  try {
    picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch {
    throw new NoPicture()
  }
  const scale = Math.min(1, longest / Math.max(picture.width, picture.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
  picture.close()
  const blob = await jpeg(canvas)
  if (!blob) throw new NoPicture()
  return blob
}
