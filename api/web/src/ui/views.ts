import {bilingual} from '../i18n/bilingual.svelte'

export const text = bilingual(
  {
    view: 'View', none: 'none saved', choose: 'choose', name: 'Name of this view', save: 'Save', remove: (name: string) => `Remove ${name}`,
    saved: (name: string) => `${name} is saved, for every browser.`, removed: (name: string) => `${name} is removed.`,
    failed: 'It could not be kept: the server does not answer, or there are fifty already.',
  },
  {
    view: 'Vista', none: 'ninguna guardada', choose: 'elija', name: 'Nombre de esta vista', save: 'Guardar', remove: (name: string) => `Quitar ${name}`,
    saved: (name: string) => `${name} queda guardada, para cada navegador.`, removed: (name: string) => `${name} queda quitada.`,
    failed: 'No se pudo guardar: el servidor no responde, o ya hay cincuenta.',
  },
)
