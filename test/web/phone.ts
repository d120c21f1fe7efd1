// A phone at the scene, as stories hold it.
import type { Page } from '@playwright/test'
import { expect, type Demo } from './demo'

export interface Entry {
  id: string
  key: string
  text: string
  photos: string[]
}

// photo is a picture as a phone takes it, large and noisy, drawn by the page itself.
export async function photo(page: Page): Promise<Buffer> {
  const bytes = await page.evaluate(async () => {
    const canvas = document.createElement('canvas')
    canvas.width = 1600
    canvas.height = 1200
    const draw = canvas.getContext('2d') as CanvasRenderingContext2D
    const image = draw.createImageData(1600, 1200)
    for (let i = 0; i < image.data.length; i++) image.data[i] = i % 4 === 3 ? 255 : (Math.sin(i) * 1e4) & 255
    draw.putImageData(image, 0, 0)
    const blob = await new Promise<Blob>((done) => canvas.toBlob((b) => done(b as Blob), 'image/jpeg', 0.9))
    return [...new Uint8Array(await blob.arrayBuffer())]
  })
  return Buffer.from(bytes)
}

export async function call<T>(page: Page, demo: Demo, method: string, path: string, data?: object): Promise<T> {
  const answer = await page.request.fetch(`${demo.url}/api/v1${path}`, { method, data, headers: { Origin: demo.url } })
  expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true)
  return (await answer.json()) as T
}

export const handheld = { viewport: { width: 390, height: 844 }, locale: 'zh-CN', timezoneId: 'Asia/Shanghai', permissions: ['geolocation', 'camera', 'microphone'], geolocation: { longitude: 121.05, latitude: 32.55, accuracy: 8 } }
export const field = (phone: Page) => phone.getByTestId('field')

export async function tell(phone: Page, text: string, picture?: Buffer): Promise<void> {
  await phone.getByTestId('tab-tell').click()
  const form = phone.locator('form').filter({ has: phone.getByTestId('keep-note') })
  await form.getByRole('textbox').fill(text)
  if (picture) await form.getByTestId('photo').setInputFiles({ name: 'a.jpg', mimeType: 'image/jpeg', buffer: picture })
  await form.getByTestId('keep-note').click()
  await expect(form.getByRole('textbox')).toHaveValue('')
}
