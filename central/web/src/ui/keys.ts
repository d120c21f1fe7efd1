// typing tells keys that belong to a text field from keys that belong to the page.
export function typing(e: KeyboardEvent): boolean {
  const target = e.target
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}
