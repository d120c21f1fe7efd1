// show gives an element what it plays. Given the same again it leaves the picture alone: a new source, be it of the same
// track, begins anew with a black picture.
export function show(element: HTMLMediaElement, media: MediaStream | undefined): void {
  const to = media ?? null
  if (element.srcObject === to) return
  element.srcObject = to
  if (to) void element.play().catch(() => undefined) // taken away meanwhile
}
