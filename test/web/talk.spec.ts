// Push-to-talk: what the microphone of the browser hears is played at the terminal, and others see who speaks.
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from './demo'

// strength is how strong a tone is among samples of 16 bit at 8000 Hz (Goertzel).
function strength(pcm: Int16Array, hertz: number): number {
  const w = (2 * Math.PI * hertz) / 8000
  let a = 0
  let b = 0
  for (const x of pcm) [a, b] = [x + 2 * Math.cos(w) * a - b, a]
  return (2 * Math.sqrt(a * a + b * b - 2 * Math.cos(w) * a * b)) / pcm.length
}

test('who holds the button is heard at the terminal, and everybody sees who it is', async ({ page, demo }) => {
  await page.goto(`${demo.url}/login?next=/video`)
  await page.getByLabel('用户名').fill(demo.duty.user)
  await page.getByLabel('密码', { exact: true }).fill(demo.duty.password)
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByTestId('camera-row').filter({ hasText: '洋口外闸' }).click()
  const tile = page.getByTestId('scene').filter({ hasText: '洋口外闸' })
  await expect(tile).toHaveAttribute('data-phase', 'live')
  await tile.hover()
  await tile.getByTestId('scene-talk').click()
  const hold = tile.getByTestId('talk-hold')
  await expect(hold).toBeEnabled()
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/talk-pad.png` })

  const heard = path.join(demo.data, 'edge-rudong', 'spoken.raw')
  await hold.hover()
  await page.mouse.down()
  await expect(hold).toHaveAttribute('data-state', 'speaking')
  await expect(tile.getByTestId('scene-spoken')).toBeVisible()
  // The camera beside the gate has a loudspeaker of its own.
  await expect.poll(() => demo.spoken('rd-cam-1'), { timeout: 30_000 }).toBeGreaterThan(50)
  await expect.poll(async () => (await stat(heard).catch(() => ({ size: 0 }))).size, { timeout: 30_000 }).toBeGreaterThan(3 * 16_000)
  const all = (await (await page.request.get(`${demo.url}/api/v1/talk`)).json()) as { items: { id: string; by?: { name: string } }[] }
  expect(all.items.find((l) => l.id === 'edge-rudong')?.by?.name).toBeTruthy()
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/talk-speaking.png` })
  await page.mouse.up()
  await expect(hold).toHaveAttribute('data-state', 'idle')
  await expect(tile.getByTestId('scene-spoken')).toHaveCount(0)

  // The microphone of this browser is a device that beeps.
  const bytes = await readFile(heard)
  const pcm = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 2))
  let loudest = new Int16Array()
  let most = 0
  for (let i = 0; i + 160 <= pcm.length; i += 80) {
    const part = pcm.subarray(i, i + 160)
    const power = part.reduce((sum, x) => sum + x * x, 0)
    if (power > most) [loudest, most] = [part, power]
  }
  const tones = Array.from({ length: 38 }, (_, i) => 100 + i * 50)
  const best = tones.map((hertz) => strength(loudest, hertz)).reduce((x, y) => Math.max(x, y), 0)
  expect(best).toBeGreaterThan(500)

  // The panel for several scenes at once has ticked the one on the wall.
  await tile.getByTestId('talk-close').click()
  await page.getByTestId('talk-open').click()
  const panel = page.getByTestId('talk-panel')
  await expect(panel.getByTestId('talk-hold')).toBeEnabled()
})
