import { afterEach, expect, it, vi } from 'vitest'
import { openScreen } from './screen'

afterEach(() => vi.unstubAllGlobals())

// browser is one that gives this window when it is asked for it by name, or none.
function browser(there: { location: { pathname: string; href: string }; focus: () => void } | null): void {
  vi.stubGlobal('open', (url: string) => {
    expect(url).toBe('')
    return there
  })
}

it('leads a new window to the pictures and lets one that shows them be', () => {
  const fresh = { location: { pathname: 'blank', href: '' }, focus: vi.fn() }
  browser(fresh)
  expect(openScreen()).toBe(true)
  expect(fresh.location.href).toBe('/screen')

  const shows = { location: { pathname: '/screen', href: '' }, focus: vi.fn() }
  browser(shows)
  expect(openScreen()).toBe(true)
  expect(shows.location.href).toBe('')
  expect(shows.focus).toHaveBeenCalled()
})

it('tells that the browser blocked the window', () => {
  browser(null)
  expect(openScreen()).toBe(false)
})
