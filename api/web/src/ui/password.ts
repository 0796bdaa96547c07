// What a password must be, as api/password says; the server has the last word.
export type Weakness = '' | 'short' | 'long' | 'same' | 'digits' | 'login'

export const least = 12
export const most = 128
const leastDifferent = 5

export function weakness(text: string, login: string): Weakness {
  const letters = [...text]
  if (letters.length < least) return 'short'
  if (letters.length > most) return 'long'
  if (new Set(text.toLowerCase()).size < leastDifferent) return 'same'
  if (letters.every((c) => /\p{Nd}/u.test(c))) return 'digits'
  if (login.length > 3 && text.toLowerCase().includes(login)) return 'login'
  return ''
}
