// Where a form waits for somebody: places marked data-stop, in the order of the page.

// nextStop is the place after the focused one, the first again after the last; back goes the other way.
export function nextStop(box: HTMLElement, back: boolean): Element | undefined {
  const all = [...box.querySelectorAll('[data-stop]')]
  const here = document.activeElement ?? box
  if (back) all.reverse()
  const wanted = back ? Node.DOCUMENT_POSITION_PRECEDING : Node.DOCUMENT_POSITION_FOLLOWING
  return all.find((el) => !el.contains(here) && here.compareDocumentPosition(el) & wanted) ?? all[0]
}

// focusIn goes to what is to be done in a place: a question's button first, else the field.
export function focusIn(place: Element | null | undefined): void {
  const target = place?.querySelector<HTMLElement>('[role=alert] button') ?? place?.querySelector<HTMLElement>('input, textarea, select')
  target?.scrollIntoView({ block: 'nearest' })
  target?.focus()
}
