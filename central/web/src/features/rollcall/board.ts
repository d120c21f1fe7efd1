// What the board of a call says. Pure.
import type { Call, Post } from './types'

export interface Tally {
  all: number
  answered: number
  late: number
  missed: number
  waiting: number
}

export function tally(call: Call): Tally {
  const posts = call.posts ?? []
  const count = (state: string) => posts.filter((p) => p.state === state).length
  return { all: posts.length, answered: count('answered'), late: count('late'), missed: count('missed'), waiting: count('waiting') }
}

// byNeed puts what nobody answered first, then what waits, then the answers, the newest last.
export function byNeed(posts: readonly Post[]): Post[] {
  const order: Record<string, number> = { missed: 0, waiting: 1, late: 2, answered: 3 }
  return [...posts].sort((a, b) => (order[a.state] ?? 9) - (order[b.state] ?? 9) || (a.answered_at ?? '').localeCompare(b.answered_at ?? '') || a.org_name.localeCompare(b.org_name, 'zh-CN'))
}

function names(p: Post, name: string | undefined): boolean {
  return (p.expected ?? []).some((w) => w.name === name)
}

// mayAnswer: the post of a leader is answered by the leader whom the roster names and by nobody else.
export function mayAnswer(p: Post, name: string | undefined): boolean {
  return p.tier !== 'leader' || names(p, name)
}

// folds reports whether the box shrinks to a line: nothing in it is for the person who sits here.
export const folds = (posts: readonly Post[], name: string | undefined): boolean => posts.every((p) => !mayAnswer(p, name))

// mineFirst is the post that one key answers: that whose roster names the person, else the first of an officer.
export function mineFirst(posts: readonly Post[], name: string | undefined): Post | undefined {
  return posts.find((p) => names(p, name)) ?? posts.find((p) => mayAnswer(p, name))
}
