// What sending has cost: the bytes of all sessions of a link on this phone, kept over a reload. Pure.

// DataMeter adds up counters that begin anew with each session.
export class DataMeter {
  private before = 0
  private now = 0

  constructor(kept = 0) {
    this.before = Number.isFinite(kept) && kept > 0 ? kept : 0
  }

  // session takes the counter of the session that runs; a smaller one than before is a new session's.
  session(bytes: number): number {
    if (bytes < this.now) this.before += this.now
    this.now = bytes
    return this.total
  }

  get total(): number {
    return this.before + this.now
  }
}

// bytesOf is what a connection has carried both ways.
export function bytesOf(report: RTCStatsReport): number {
  let sum = 0
  report.forEach((stat: Record<string, unknown>) => {
    if (stat.type === 'transport') sum += Number(stat.bytesSent ?? 0) + Number(stat.bytesReceived ?? 0)
  })
  return sum
}

// dataText is an amount as a bill of data has it: decimal megabytes.
export function dataText(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}

export function rateText(bitsPerSecond: number): string {
  return `${(bitsPerSecond / 1e6).toFixed(1)} Mb/s`
}
