// The map as the duty officer reads it: every value belongs to its sign and says whose it is.
import type { Page } from '@playwright/test'
import { expect, login, test } from './demo'

interface Box {
  x: number
  y: number
  width: number
  height: number
}

function overlap(a: Box, b: Box): boolean {
  return a.x + a.width > b.x + 1 && b.x + b.width > a.x + 1 && a.y + a.height > b.y + 1 && b.y + b.height > a.y + 1
}

// readable checks the lines of two sensors in alarm at one place: each with its own name and value, none
// over another, and both in one label.
async function readable(page: Page): Promise<void> {
  const line = (device: string) => page.locator(`[data-testid=map-callout-line][data-device=${device}]:visible`)
  await expect(line('rd-level-1')).toContainText('洋口外闸潮位')
  await expect(line('rd-level-1')).toContainText('5.37 m')
  await expect(line('rd-level-1')).toContainText('黄')
  await expect(line('rd-gas-1')).toContainText('洋口泵房甲烷')
  await expect(line('rd-gas-1')).toContainText('31.0 %LEL')
  await expect(line('rd-gas-1')).toContainText('橙')
  const shared = page.getByTestId('map-callout').filter({ has: line('rd-level-1') })
  await expect(shared.locator('[data-device=rd-gas-1]')).toBeVisible()

  await expect(async () => {
    const boxes: Box[] = []
    for (const one of await page.locator('[data-testid=map-callout-line]:visible').all()) boxes.push((await one.boundingBox()) as Box)
    for (const [i, a] of boxes.entries()) for (const b of boxes.slice(i + 1)) expect(overlap(a, b)).toBe(false)
  }).toPass({ timeout: 10_000 })
}

test('two sensors in alarm at one place are told apart, on the desk and on the map', async ({ page, demo }) => {
  await demo.hold('rd-level-1', { water_level: 5.37 })
  await demo.hold('rd-gas-1', { ch4_lel: 31 })
  await login(page, demo, demo.duty)
  await readable(page)
  await page.getByRole('navigation').getByRole('link', { name: /一张图/ }).click()
  await readable(page)
  await page.locator('[data-testid=map-callout-line][data-device=rd-gas-1]').click()
  await expect(page.getByTestId('map-detail')).toContainText('洋口泵房甲烷')
  await demo.hold('rd-level-1', { water_level: 4.1 })
  await demo.hold('rd-gas-1', { ch4_lel: 2 })
})
