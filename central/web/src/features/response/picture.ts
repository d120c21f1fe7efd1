// Pictures of a phone's camera made small enough to be sent over a bad link.
import { jpeg } from '@/api/jpeg'

const longest = 1600

// shrunk is a JPEG of at most 1600 pixels a side; what the browser cannot read is sent as it is.
export async function shrunk(file: Blob): Promise<Blob> {
  try {
    const picture = await createImageBitmap(file)
    const scale = Math.min(1, longest / Math.max(picture.width, picture.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(picture.width * scale)
    canvas.height = Math.round(picture.height * scale)
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
    return (await jpeg(canvas)) ?? file
  } catch {
    return file
  }
}
