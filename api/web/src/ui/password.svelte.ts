import {bilingual} from '../i18n/bilingual.svelte'
import {least, most, weakness} from './password'

const words = bilingual(
  {
    short: `It needs at least ${least} characters.`, long: `It may have ${most} characters at most.`, same: 'It needs more different characters.',
    digits: 'Digits alone are too easy to guess.', login: 'It must not have in it what you sign in as.', twice: 'The two are not the same.',
    rule: `At least ${least} characters, of any kind; a few words are easy to keep in mind.`,
  },
  {
    short: `Hacen falta al menos ${least} caracteres.`, long: `Puede tener ${most} caracteres como máximo.`, same: 'Hacen falta más caracteres distintos.',
    digits: 'Solo cifras es demasiado fácil de adivinar.', login: 'No debe contener el nombre con el que entra.', twice: 'Las dos no son iguales.',
    rule: `Al menos ${least} caracteres, de cualquier tipo; unas palabras se recuerdan bien.`,
  },
)

export const passwordRule = () => words().rule

// passwordFault says in words why a password that was typed twice is not taken, or nothing.
export function passwordFault(text: string, again: string, login: string): string {
  const w = weakness(text, login)
  if (w) return words()[w]
  return text === again ? '' : words().twice
}
