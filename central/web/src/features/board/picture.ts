// The chart of a tile as a picture, on the ground of its panel.
export function pictureOf(box: HTMLElement | null | undefined, name: string): void {
  const chart = box?.querySelector('canvas')
  if (!chart) return
  const canvas = document.createElement('canvas')
  canvas.width = chart.width
  canvas.height = chart.height
  const pen = canvas.getContext('2d')
  if (!pen) return
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--panel').trim()
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.drawImage(chart, 0, 0)
  const link = document.createElement('a')
  link.download = `${name} ${new Date().toISOString().replaceAll(':', '-').slice(0, 16)}Z.png`
  link.href = canvas.toDataURL('image/png')
  link.click()
}

const widest = 1600
const largest = 380_000

// planOf makes a picture that somebody chose small enough to be kept in a board; '' when it is none.
export async function planOf(file: File): Promise<string> {
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(file)
  } catch {
    return ''
  }
  for (let width = Math.min(widest, bitmap.width); width > 200; width = Math.floor(width * 0.75)) {
    const canvas = document.createElement('canvas')
    canvas.width = width
    canvas.height = Math.round((bitmap.height / bitmap.width) * width)
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    const text = canvas.toDataURL('image/webp', 0.85)
    if (text.length <= largest) return text
  }
  return ''
}
