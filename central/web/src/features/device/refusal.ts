// A refused configuration in the reader's language: where, and what would be right.
import { useI18n } from 'vue-i18n'
import { at, refusalOf, type Path, type Refusal } from './configform'
import { useSay } from '@/i18n/say'

export function useRefusal() {
  const { t, te } = useI18n()
  const say = useSay()

  const word = (key: string | number): string => (te(`config.key.${key}`) ? t(`config.key.${key}`) : String(key))
  // place says a path as people know it: a member of a list by its name.
  function place(path: Path, document: unknown): string {
    return path.map((key, i) => {
      if (typeof key === 'string') return word(key)
      const one = at(document, path.slice(0, i + 1)) as { id?: string; name?: string; name_en?: string; port?: string } | undefined
      return say.named(one?.name ?? '', one?.name_en) || one?.id || one?.port || String(key + 1)
    }).join(' · ')
  }
  function reason(r: Refusal): string {
    const want = r.why === 'form' ? (te(`config.form_of.${r.want}`) ? t(`config.form_of.${r.want}`) : r.want) : ['missing', 'unknown'].includes(r.why) ? say.listed(r.want.split(', ').map(word)) : r.why === 'type' ? say.listed(r.want.split(', ').map((k) => (te(`config.type.${k}`) ? t(`config.type.${k}`) : k))) : r.want
    return t(te(`config.refused.${r.why}`) ? `config.refused.${r.why}` : 'config.refused.other', { want })
  }
  function sentence(r: Refusal, document: unknown): string {
    return r.path.length ? t('config.refused.at', { place: place(r.path, document), what: reason(r) }) : reason(r)
  }
  // said is any failure of sending a document, in words.
  function said(error: unknown, document: unknown): string {
    const refused = refusalOf(error)
    return refused ? sentence(refused, document) : say.failure(error)
  }
  return { reason, sentence, said }
}
