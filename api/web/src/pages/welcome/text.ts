import {bilingual} from '../../i18n/bilingual.svelte'

export const text = bilingual(
  {
    title: 'Set your password',
    hello: (name: string) => `Welcome, ${name}.`,
    as: 'You sign in as',
    password: 'New password',
    again: 'Once more',
    button: 'Set it and sign in',
    void: 'This link is not known, was used, or has expired. Ask an administrator for another.',
    held: 'Too many tries from here. Wait a minute.',
    on: 'To the pages',
  },
  {
    title: 'Fije su contraseña',
    hello: (name: string) => `Le damos la bienvenida, ${name}.`,
    as: 'Usted entra como',
    password: 'Contraseña nueva',
    again: 'Otra vez',
    button: 'Fijarla y entrar',
    void: 'Este enlace no se conoce, ya se usó o ha caducado. Pida otro a un administrador.',
    held: 'Demasiados intentos desde aquí. Espere un minuto.',
    on: 'A las páginas',
  },
)
