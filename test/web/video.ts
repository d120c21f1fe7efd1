// What a <video> element really shows: decoded frames and their pixels.
import type { Locator } from '@playwright/test'

export interface Shown {
  frames: number // presented while looking
  decoded: number // since the picture was asked for
  width: number
  height: number
  bright: number // mean of all pixels, 0 to 255
  spread: number // largest minus smallest brightness; a flat picture has none
  moved: number // pixels that differ between the beginning and the end
}

// watch counts the frames that are presented in a time and looks at the last one.
export async function watch(video: Locator, ms: number): Promise<Shown> {
  return video.evaluate(async (element, ms) => {
    const v = element as HTMLVideoElement
    const look = () => {
      const canvas = document.createElement('canvas')
      canvas.width = v.videoWidth
      canvas.height = v.videoHeight
      const context = canvas.getContext('2d')
      if (!context || v.videoWidth === 0) return new Uint8ClampedArray()
      context.drawImage(v, 0, 0)
      return context.getImageData(0, 0, canvas.width, canvas.height).data
    }
    const first = look()
    let frames = 0
    let running = true
    const count = () => {
      frames++
      if (running) v.requestVideoFrameCallback(count)
    }
    v.requestVideoFrameCallback(count)
    await new Promise((resolve) => setTimeout(resolve, ms))
    running = false
    const data = look()
    const decoded = v.getVideoPlaybackQuality().totalVideoFrames
    if (data.length === 0) return { frames, decoded, width: v.videoWidth, height: v.videoHeight, bright: 0, spread: 0, moved: 0 }
    let sum = 0
    let low = 255
    let high = 0
    let moved = 0
    for (let i = 0; i < data.length; i += 4) {
      const y = 0.3 * data[i]! + 0.59 * data[i + 1]! + 0.11 * data[i + 2]!
      sum += y
      low = Math.min(low, y)
      high = Math.max(high, y)
      if (first.length === data.length && Math.abs(first[i + 1]! - data[i + 1]!) > 16) moved++
    }
    return { frames, decoded, width: v.videoWidth, height: v.videoHeight, bright: sum / (data.length / 4), spread: high - low, moved }
  }, ms)
}
