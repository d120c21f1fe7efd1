// A program goes up in pieces, and on where an upload broke off.
import { answer, api, prefix } from '@/api/client'
import { ApiError } from '@/api/errors'

const piece = 512 * 1024

export interface Program {
  file: File
  version: string
  arch: string
  signature: string
  note: string
  note_en: string
}

// hex writes bytes as the centre reads them.
export function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, '0')).join('')
}

// upload sends a program; told hears the part that is done, from 0 to 1.
export async function upload(p: Program, told: (part: number) => void): Promise<void> {
  const sha256 = hex(await crypto.subtle.digest('SHA-256', await p.file.arrayBuffer()))
  const body = { version: p.version, arch: p.arch, size: p.file.size, sha256, signature: p.signature, note: p.note, note_en: p.note_en }
  let { release, next } = await answer(api.POST('/releases', { body }))
  while (next < p.file.size) {
    told(next / p.file.size)
    const response = await fetch(`${prefix}/releases/${encodeURIComponent(release.id)}/program?offset=${String(next)}`, {
      method: 'PUT', credentials: 'same-origin', headers: { 'Content-Type': 'application/octet-stream' }, body: p.file.slice(next, next + piece),
    })
    const said = (await response.json()) as { release: typeof release; next: number }
    if (!response.ok) throw new ApiError(response.status, said as object)
    release = said.release
    next = said.next
  }
  told(1)
}
