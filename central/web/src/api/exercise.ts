// In whose world this tab acts: reality, or one exercise that somebody has entered. The centre bars what would leave
// it; here every request says where it comes from, and the frame says so to the reader. Entering and leaving load the
// console anew, so that nothing that was read in one world is shown in the other.
import { shallowRef } from 'vue'

export interface Exercise {
  id: string
  name: string
}

export const exerciseHeader = 'Fengsui-Exercise'
const key = 'fengsui.exercise'
const none: Exercise = { id: '', name: '' }

// read is what a tab has kept; anything else is reality.
export function read(text: string | null): Exercise {
  try {
    const kept = JSON.parse(text ?? '') as Partial<Exercise> | null
    if (typeof kept?.id === 'string' && typeof kept.name === 'string' && kept.id) return { id: kept.id, name: kept.name }
  } catch {
    // A tab that has kept nothing is in reality.
  }
  return none
}

const store = globalThis.sessionStorage as Storage | undefined

// exercise is that of this tab; its id is empty in reality.
export const exercise = shallowRef<Exercise>(read(store?.getItem(key) ?? null))

// held is since when that exercise is paused, in milliseconds; 0 while it goes on, and in reality. What is due in it is
// shown as it stood then.
export const held = shallowRef(0)

// world is the exercise for which a path of the API is asked. Who is signed in, roll-calls and the control of exercises
// are real always.
export function world(path: string): string {
  return /^\/(session|about|drills|rollcalls)(\/|$)/.test(path) ? '' : exercise.value.id
}

// drop goes back to reality without loading the console: the session is over.
export function drop(): void {
  store?.removeItem(key)
  exercise.value = none
}

export function enter(to: Exercise, page: string): void {
  store?.setItem(key, JSON.stringify(to))
  location.assign(page)
}

export function leave(page: string): void {
  store?.removeItem(key)
  location.assign(page)
}
