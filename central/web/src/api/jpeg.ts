// A drawn picture as a JPEG that the centre takes: it accepts at most 1 MB in one request, so quality goes before detail.
const most = 950_000
const qualities = [0.92, 0.82, 0.7, 0.55, 0.4]

export async function jpeg(canvas: Pick<HTMLCanvasElement, 'toBlob'>): Promise<Blob | undefined> {
  let blob: Blob | undefined
  for (const quality of qualities) {
    blob = await new Promise<Blob | undefined>((done) => canvas.toBlob((made) => done(made ?? undefined), 'image/jpeg', quality))
    if (!blob || blob.size <= most) return blob
  }
  return blob
}
