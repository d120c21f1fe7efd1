import { expect, it } from 'vitest'
import en from './en.json'
import zh from './zh-CN.json'

// As shared/wire (CameraFault) and central/internal/video (FaultOffline) name them.
const kinds = ['unreachable', 'password', 'path', 'codec', 'codec_has', 'b_frames', 'stalled', 'source', 'offline']

it('every fault of a camera is a sentence in both languages', () => {
  for (const kind of kinds) {
    expect((zh as Record<string, string>)[`device.camera.${kind}`], kind).toMatch(/。$/)
    expect((en as Record<string, string>)[`device.camera.${kind}`], kind).toMatch(/\.$/)
  }
})
