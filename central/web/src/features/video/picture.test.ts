import { describe, expect, it } from 'vitest'
import { bitrateText, delayText, freezeMs, PictureWatch, sampleOf, type Sample } from './picture'
import { ApiError } from '@/api/errors'
import { hopeless } from './watching'

const sample = (at: number, frames: number, more: Partial<Sample> = {}): Sample => ({ at, frames, bytes: frames * 1000, buffered: frames * 0.05, emitted: frames, rtt: 0.04, ...more })

describe('the measured picture', () => {
  it('has rate and delay of the last seconds', () => {
    const watch = new PictureWatch()
    watch.add(sample(1000, 10))
    const picture = watch.add(sample(2000, 35))
    expect(picture.fps).toBeCloseTo(25)
    expect(picture.bitrate).toBeCloseTo(200_000)
    expect(picture.delayMs).toBe(70)
    expect(picture.frozenSince).toBe(0)
  })
  it('is not frozen before the first frame', () => {
    const watch = new PictureWatch()
    watch.add(sample(0, 0))
    expect(watch.add(sample(60_000, 0)).frozenSince).toBe(0)
  })
  it('is frozen since its last frame, and moves again with the next', () => {
    const watch = new PictureWatch()
    watch.add(sample(1000, 1))
    watch.add(sample(2000, 5))
    expect(watch.add(sample(2000 + freezeMs - 1, 5)).frozenSince).toBe(0)
    expect(watch.add(sample(2000 + freezeMs, 5)).frozenSince).toBe(2000)
    expect(watch.add(sample(60_000, 5)).frozenSince).toBe(2000)
    expect(watch.add(sample(60_500, 6)).frozenSince).toBe(0)
  })
})

describe('statistics of the browser', () => {
  it('are read from the video stream and the path in use', () => {
    const report = new Map<string, unknown>([
      ['a', { type: 'inbound-rtp', kind: 'video', framesDecoded: 7, bytesReceived: 900, jitterBufferDelay: 0.5, jitterBufferEmittedCount: 7 }],
      ['b', { type: 'inbound-rtp', kind: 'audio', bytesReceived: 5 }],
      ['c', { type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 }],
      ['d', { type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.03 }],
    ]) as unknown as RTCStatsReport
    expect(sampleOf(report, 5)).toEqual({ at: 5, frames: 7, bytes: 900, buffered: 0.5, emitted: 7, rtt: 0.03 })
  })
})

describe('words', () => {
  it('are short', () => {
    expect(bitrateText(385_400)).toBe('385 kb/s')
    expect(bitrateText(1_840_000)).toBe('1.8 Mb/s')
    expect(delayText(64)).toBe('<0.1 s')
    expect(delayText(140)).toBe('0.1 s')
    expect(delayText(1234)).toBe('1.2 s')
  })
})

describe('trying again', () => {
  it('makes no sense where a person has to act', () => {
    expect(hopeless(new ApiError(403))).toBe(true)
    expect(hopeless(new ApiError(404))).toBe(true)
    expect(hopeless(new ApiError(401, { code: 'video.token_expired' }))).toBe(false)
    expect(hopeless(new ApiError(503))).toBe(false)
    expect(hopeless(new ApiError(0))).toBe(false)
  })
})
