// Who is signed in and what this centre is called.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { drop } from '@/api/exercise'
import { useLive } from '@/api/live'
import type { About, Session } from '@/api/types'

export const useSession = defineStore('session', () => {
  const live = useLive()
  const session = shallowRef<Session>()
  const about = shallowRef<About>()
  // asked is true once the centre has said whether somebody is signed in.
  const asked = ref(false)
  const user = computed(() => session.value?.user)
  const mustChange = computed(() => session.value?.must_change_password ?? false)

  function can(permission: string): boolean {
    return session.value?.permissions.includes(permission) ?? false
  }

  function take(found: Session): void {
    session.value = found
    if (!found.must_change_password) live.start()
  }

  async function load(): Promise<void> {
    if (asked.value) return
    try {
      take(await answer(api.GET('/session')))
    } catch (failure) {
      if (!(failure instanceof ApiError) || failure.status !== 401) throw failure
    }
    asked.value = true
  }

  async function loadAbout(): Promise<void> {
    about.value ??= await answer(api.GET('/about'))
  }

  async function signIn(username: string, password: string): Promise<void> {
    take(await answer(api.POST('/session', { body: { username, password } })))
    asked.value = true
  }

  async function changePassword(old: string, next: string): Promise<void> {
    await answer(api.POST('/session/password', { body: { old, new: next } }))
    take(await answer(api.GET('/session')))
  }

  // forget drops what this computer knows of the session; the centre has ended it already.
  function forget(): void {
    live.stop()
    drop()
    session.value = undefined
  }

  async function signOut(): Promise<void> {
    await answer(api.DELETE('/session'))
    forget()
  }

  return { session, about, asked, user, mustChange, can, load, loadAbout, signIn, changePassword, forget, signOut }
})
