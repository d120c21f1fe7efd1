// What somebody had playing on the video page, so that coming back from another page it goes on. It is not kept longer than
// the program is open: after a start nobody pays for pictures that nobody asked for.
let last = { user: '', cameras: [] as string[] }

export function leavePlaying(user: string, cameras: readonly string[]): void {
  last = { user, cameras: [...cameras] }
}

// playingOf is what that person left playing, nothing of another who was signed in before.
export function playingOf(user: string): string[] {
  return last.user === user ? [...last.cameras] : []
}
