// Turning a camera: orders go out while something is held down, and end with it. The terminal stops the camera by itself
// when orders stop coming; what is here only makes that the exception.
export interface Velocity { pan: number; tilt: number; zoom: number }
export interface Order { act: 'move' | 'stop' | 'go' | 'save' | 'remove'; pan?: number; tilt?: number; zoom?: number; preset?: string; name?: string }

// A movement lasts 1.5 s after the last order (central/internal/steer).
export const renewMs = 600

const arrows: Record<string, Velocity> = {
  ArrowLeft: { pan: -1, tilt: 0, zoom: 0 },
  ArrowRight: { pan: 1, tilt: 0, zoom: 0 },
  ArrowUp: { pan: 0, tilt: 1, zoom: 0 },
  ArrowDown: { pan: 0, tilt: -1, zoom: 0 },
  '+': { pan: 0, tilt: 0, zoom: 1 },
  '=': { pan: 0, tilt: 0, zoom: 1 },
  '-': { pan: 0, tilt: 0, zoom: -1 },
  _: { pan: 0, tilt: 0, zoom: -1 },
}

// together is where the keys that are held down move to, undefined when none of them moves anything.
export function together(keys: Iterable<string>, speed: number): Velocity | undefined {
  const sum = { pan: 0, tilt: 0, zoom: 0 }
  let any = false
  for (const key of keys) {
    const v = arrows[key]
    if (!v) continue
    any = true
    for (const axis of ['pan', 'tilt', 'zoom'] as const) sum[axis] = Math.max(-1, Math.min(1, sum[axis] + v[axis]))
  }
  if (!any) return undefined
  return { pan: sum.pan * speed, tilt: sum.tilt * speed, zoom: sum.zoom * speed }
}

export function moves(key: string): boolean {
  return key in arrows
}

// Steerer sends the orders of one camera. fail is told what went wrong, which ends the movement.
export class Steerer {
  private wants: Velocity | undefined
  private timer: ReturnType<typeof setInterval> | undefined
  private flying = 0
  private stopped = 0 // counts stops, so that a move that was overtaken by one is noticed

  constructor(private readonly send: (order: Order) => Promise<void>, private readonly fail: (error: unknown) => void) {}

  get moving(): boolean {
    return this.wants !== undefined
  }

  // press moves so until release, or until another press.
  press(v: Velocity): void {
    const same = this.wants && this.wants.pan === v.pan && this.wants.tilt === v.tilt && this.wants.zoom === v.zoom
    this.wants = v
    if (same) return
    this.move()
    this.timer ??= setInterval(() => this.flying === 0 && this.move(), renewMs)
  }

  release(): void {
    if (!this.wants) return
    this.end()
    this.stop()
  }

  private end(): void {
    this.wants = undefined
    clearInterval(this.timer)
    this.timer = undefined
  }

  private move(): void {
    if (!this.wants) return
    const before = this.stopped
    this.flying += 1
    this.send({ act: 'move', ...this.wants }).then(
      () => {
        this.flying -= 1
        // It may have come after the stop that was sent after it.
        if (this.stopped !== before && !this.wants) this.stop()
      },
      (error: unknown) => {
        this.flying -= 1
        if (!this.wants) return
        this.end()
        this.fail(error)
      },
    )
  }

  private stop(): void {
    this.stopped += 1
    this.send({ act: 'stop' }).catch((error: unknown) => this.fail(error))
  }
}
