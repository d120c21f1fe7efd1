// The stories run against the real demo in Debian's chromium, one after the other, because they share it.
import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: '.',
  // Pictures of the manual are taken when asked for: npm run pictures.
  testMatch: process.env.SCREENSHOTS === '1' ? /\.(spec|pictures)\.ts$/ : /\.spec\.ts$/,
  fullyParallel: false,
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  retries: 0,
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [['list'], ['./last-words.ts']],
  use: {
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    viewport: { width: 1920, height: 1080 },
    // The film also keeps a page drawing while another stands before it, which stories with two pages need.
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
    },
  },
})
