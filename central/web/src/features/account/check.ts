// usernameFault is the key of what is wrong with a username, empty when it is good or not yet typed.
export function usernameFault(name: string): string {
  return name === '' || /^[a-z][a-z0-9._-]{1,31}$/.test(name.toLowerCase()) ? '' : 'user.form.username_rule'
}
