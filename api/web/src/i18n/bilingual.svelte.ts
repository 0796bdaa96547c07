import {i18n} from './index.svelte'

// bilingual are a page's own words, which come with the page: Spanish has the keys of English, or it does not compile.
export function bilingual<W>(en: W, es: NoInfer<W>): () => W {
  return () => (i18n.language === 'es' ? es : en)
}
