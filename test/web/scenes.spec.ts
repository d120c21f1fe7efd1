// Scenes are recorded with an incident: what that costs is said first, it ends with a reason, and what a phone showed and
// said is played back.
import type { Page } from '@playwright/test'
import { enter, expect, login, test } from './demo'

// open opens an incident and is its id.
async function open(page: Page, url: string, title: string): Promise<string> {
  const answer = await page.request.post(`${url}/api/v1/incidents`, {
    headers: { Origin: url },
    data: { title, category: 'natural.flood', place: '如东县洋口镇', lon: 121.02, lat: 32.55, occurred_at: new Date().toISOString() },
  })
  expect(answer.ok(), await answer.text()).toBe(true)
  return ((await answer.json()) as { id: string }).id
}

// shoot keeps pictures of a screen in both languages, in the dark and in the light, when somebody wants to look at them.
async function shoot(page: Page, name: string): Promise<void> {
  if (!process.env.SHOTS) return
  await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` })
}

test('a scene is recorded with an incident until somebody says why not', async ({ page, demo }) => {
  await page.setViewportSize({ width: 1366, height: 768 })
  await login(page, demo, demo.duty)
  const id = await open(page, demo.url, '洋口外闸管涌')
  await page.goto(`${demo.url}/incident/${id}/room`)
  await page.getByTestId('incident-scenes').click()
  const dialog = page.getByTestId('scenes-dialog')
  await expect(dialog).toContainText('尚无现场随此事件录像')
  await dialog.getByTestId('scene-camera').selectOption('rd-cam-1')
  await expect(dialog.getByTestId('scene-cost')).toContainText('/小时')
  await shoot(page, 'scenes-cost')
  await dialog.getByTestId('scene-add').click()
  const row = dialog.getByTestId('incident-scene')
  await expect(row).toContainText('录制中')
  await shoot(page, 'scenes-recording')
  await row.getByTestId('scene-stop').click()
  await row.getByRole('textbox').fill('现场转由无人机拍摄')
  await row.getByRole('button', { name: '停止录像' }).click()
  await expect(row).toContainText('现场转由无人机拍摄')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('region', { name: '过程' })).toContainText('现场转由无人机拍摄')
  await shoot(page, 'scenes-room')
})

test('what a phone shows and says is recorded with an incident and played back', async ({ page, demo, browser }) => {
  await enter(page, demo, demo.duty, '/video/links')
  await page.getByTestId('share').click()
  await page.getByTestId('share-dialog').getByLabel('给谁用').fill('海堤组手机')
  await page.getByTestId('share-dialog').getByRole('button', { name: '新建链接' }).click()
  const address = await page.getByLabel('链接地址').inputValue()
  const phone = await (await browser.newContext({ viewport: { width: 412, height: 860 }, locale: 'zh-CN' })).newPage()
  await phone.goto(address)
  await phone.getByTestId('send').click()
  // Nobody watches yet, so it waits: the recording is what wants its picture.
  await expect(phone.getByTestId('field')).toHaveAttribute('data-state', 'ready')

  const id = await open(page, demo.url, '长沙镇海堤漫溢')
  await page.goto(`${demo.url}/incident/${id}/room`)
  await page.getByTestId('incident-scenes').click()
  const dialog = page.getByTestId('scenes-dialog')
  const camera = await dialog.getByTestId('scene-camera').locator('option', { hasText: '海堤组手机' }).getAttribute('value')
  await dialog.getByTestId('scene-camera').selectOption(camera)
  await expect(dialog.getByTestId('scene-cost')).toContainText('流量由对方承担')
  await dialog.getByTestId('scene-add').click()
  await expect(dialog.getByTestId('incident-scene')).toContainText('录制中')
  await expect(phone.getByTestId('field')).toHaveAttribute('data-state', 'sending')
  const began = Date.now()
  await expect.poll(async () => {
    const all = (await (await page.request.get(`${demo.url}/api/v1/recordings`)).json()) as { cameras: { stream: string; bytes: number; last?: string }[] }
    const one = all.cameras.find((c) => c.stream === camera)
    return one?.last ? Date.parse(one.last) - began : 0
  }, { timeout: 60_000 }).toBeGreaterThan(10_000)
  await dialog.getByRole('link', { name: '回放' }).click()
  await expect(page.getByTestId('recorded-camera').filter({ hasText: '海堤组手机' })).toContainText('随事件录像')
  const listening = page.getByTestId('replay-listen')
  await expect(listening).toBeEnabled()
  await listening.click()
  await page.getByTestId('replay-play').click()
  await expect(page.getByTestId('replay-scene')).toHaveAttribute('data-state', 'shown')
  // The fake microphone beeps: what plays is not silent, and stays together with the picture.
  const heard = await page.getByTestId('replay-sound').evaluate(async (element) => {
    const audio = element as HTMLAudioElement
    const video = document.querySelector('[data-testid=replay-scene] video') as HTMLVideoElement
    const context = new AudioContext()
    await context.resume()
    const ear = context.createAnalyser()
    context.createMediaElementSource(audio).connect(ear)
    const wave = new Float32Array(ear.fftSize)
    let loudest = 0
    let apart = 1
    for (let i = 0; i < 200 && !(loudest > 0.01 && apart < 0.1); i++) {
      await new Promise((next) => setTimeout(next, 50))
      ear.getFloatTimeDomainData(wave)
      for (const v of wave) loudest = Math.max(loudest, Math.abs(v))
      if (!audio.paused && !video.paused) apart = Math.min(apart, Math.abs(audio.currentTime - video.currentTime))
    }
    return { loudest, apart, time: audio.currentTime }
  })
  expect(heard.loudest).toBeGreaterThan(0.01)
  expect(heard.apart).toBeLessThan(0.1)
  await shoot(page, 'scenes-replay')
  await phone.context().close()
})
