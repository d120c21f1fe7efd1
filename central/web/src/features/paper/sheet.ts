// How a line of a document is drawn, and what the register says about a row of numbers. Pure.
import type { Run, Taken } from './types'

// centres are the middles of the cells of a run, one for each UTF-16 unit of its text: a character of ASCII takes
// half a pitch, every other a whole one.
export function centres(run: Pick<Run, 'text' | 'x' | 'pitch'>): number[] {
  const out: number[] = []
  let x = run.x
  for (const c of run.text) {
    const step = c.charCodeAt(0) < 0x80 ? run.pitch / 2 : run.pitch
    const middle = Math.round((x + step / 2) * 100) / 100
    for (let unit = 0; unit < c.length; unit++) out.push(middle)
    x += step
  }
  return out
}

// fonts are the faces of the standard as the computers of an office name them, then what else there may be.
export const fonts: Record<string, string> = {
  fang: "FangSong_GB2312, 仿宋_GB2312, FangSong, 仿宋, STFangsong, 'AR PL SungtiL GB', 'Noto Serif CJK SC', serif",
  biao: "方正小标宋简体, FZXiaoBiaoSong-B05S, 方正小标宋_GBK, STZhongsong, 华文中宋, SimSun, 宋体, 'AR PL SungtiL GB', 'Noto Serif CJK SC', serif",
  hei: "SimHei, 黑体, STHeiti, 'Droid Sans Fallback', 'Noto Sans CJK SC', sans-serif",
  kai: "KaiTi_GB2312, 楷体_GB2312, KaiTi, 楷体, STKaiti, 'AR PL KaitiM GB', serif",
  song: "SimSun, 宋体, STSong, 'AR PL SungtiL GB', 'Noto Serif CJK SC', serif",
}

// Series is a row of numbers: one prefix in one year.
export interface Series {
  prefix: string
  year: number
  last: number
  voided: number
  held: number
  // gaps are numbers that the register does not have; the centre never leaves one out.
  gaps: number[]
}

// seriesOf sums a whole register up, the newest year first.
export function seriesOf(list: readonly Taken[]): Series[] {
  const by = new Map<string, Taken[]>()
  for (const n of list) by.set(`${n.prefix} ${n.year}`, [...(by.get(`${n.prefix} ${n.year}`) ?? []), n])
  return [...by.values()]
    .map((numbers) => {
      const there = new Set(numbers.map((n) => n.no))
      const last = Math.max(...there)
      return {
        prefix: numbers[0]!.prefix,
        year: numbers[0]!.year,
        last,
        voided: numbers.filter((n) => n.voided_at).length,
        held: numbers.filter((n) => !n.voided_at && n.state === 'draft').length,
        gaps: Array.from({ length: last }, (_, i) => i + 1).filter((n) => !there.has(n)),
      }
    })
    .sort((a, b) => b.year - a.year || a.prefix.localeCompare(b.prefix, 'zh-CN'))
}
