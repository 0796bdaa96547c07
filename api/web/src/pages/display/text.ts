import {bilingual} from '../../i18n/bilingual.svelte'

export const text = bilingual(
  {
    title: 'This screen shows the wallboard',
    how: 'once a supervisor or administrator has typed this code in, under Administration, Displays:',
    until: (at: string) => `The code holds until ${at}; then there is another.`,
    wait: 'A code is being asked for…',
    held: 'Too many codes were asked for from here; there is another try in a minute.',
  },
  {
    title: 'Esta pantalla muestra el panel',
    how: 'cuando un supervisor o administrador haya escrito este código en Administración, Pantallas:',
    until: (at: string) => `El código vale hasta las ${at}; después hay otro.`,
    wait: 'Se está pidiendo un código…',
    held: 'Desde aquí se pidieron demasiados códigos; en un minuto se intenta de nuevo.',
  },
)
