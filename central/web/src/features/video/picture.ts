// What the numbers of a video connection say: rate, delay, and since when the picture stands still. Pure.

export interface Sample {
  at: number
  frames: number
  bytes: number
  // seconds spent by all frames in the jitter buffer, and how many frames those were.
  buffered: number
  emitted: number
  // rtt to the centre in seconds, 0 while unknown.
  rtt: number
}

export interface Picture {
  frames: number
  fps: number
  bitrate: number
  // delayMs is from the centre to this screen; the way from the camera to the centre is not in it.
  delayMs: number
  // frozenSince is when the last frame came, 0 while the picture moves.
  frozenSince: number
}

// Without a new frame for so long the picture counts as standing still.
export const freezeMs = 2500
const windowMs = 3000

export class PictureWatch {
  private samples: Sample[] = []
  private movedAt = 0

  add(sample: Sample): Picture {
    const last = this.samples.at(-1)
    if (sample.frames > (last?.frames ?? 0)) this.movedAt = sample.at
    this.samples = [...this.samples.filter((s) => sample.at - s.at <= windowMs), sample]
    const first = this.samples[0] as Sample
    const seconds = (sample.at - first.at) / 1000
    const rate = (n: number) => (seconds > 0 ? n / seconds : 0)
    const emitted = sample.emitted - first.emitted
    const waited = emitted > 0 ? (sample.buffered - first.buffered) / emitted : 0
    const still = this.movedAt > 0 && sample.at - this.movedAt >= freezeMs
    return {
      frames: sample.frames,
      fps: rate(sample.frames - first.frames),
      bitrate: rate((sample.bytes - first.bytes) * 8),
      delayMs: Math.round((sample.rtt / 2 + waited) * 1000),
      frozenSince: still ? this.movedAt : 0,
    }
  }
}

// samplesOf reads what it needs from the browser's statistics, by the mid of the picture.
export function samplesOf(report: RTCStatsReport, at: number): Map<string, Sample> {
  const samples = new Map<string, Sample>()
  let rtt = 0
  report.forEach((stat: Record<string, unknown>) => {
    const n = (key: string) => (typeof stat[key] === 'number' ? stat[key] : 0)
    if (stat.type === 'inbound-rtp' && stat.kind === 'video') {
      samples.set(String(stat.mid), {
        at, frames: n('framesDecoded'), bytes: n('bytesReceived'), buffered: n('jitterBufferDelay'), emitted: n('jitterBufferEmittedCount'), rtt: 0,
      })
    }
    if (stat.type === 'candidate-pair' && stat.nominated === true) rtt = n('currentRoundTripTime')
  })
  for (const sample of samples.values()) sample.rtt = rtt
  return samples
}

// sampleOf is the same of a connection with one picture.
export function sampleOf(report: RTCStatsReport, at: number): Sample {
  const [one] = samplesOf(report, at).values()
  return one ?? { at, frames: 0, bytes: 0, buffered: 0, emitted: 0, rtt: 0 }
}

export function bitrateText(bitsPerSecond: number): string {
  if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(1)} Mb/s`
  return `${Math.round(bitsPerSecond / 1e3)} kb/s`
}

export function delayText(ms: number): string {
  // Less is not told apart by what the browser measures.
  return ms < 100 ? '<0.1 s' : `${(ms / 1000).toFixed(1)} s`
}
