/** Words in two languages. Chinese is the default; the choice stays on this computer. */
import { createI18n, type Composer } from 'vue-i18n'
import { Refused, Unreachable, type Sentence } from './api'
import en from './locale/en.json'
import zh from './locale/zh.json'

export type Language = 'zh' | 'en'
export type Words = Record<string, unknown>

const KEPT = 'gongyuan.language'
const TAGS = { zh: 'zh-CN', en: 'en' } as const

let current: Composer | null = null

/** The vue-i18n plugin with the program's own words beside the shared ones. */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- vue-i18n's own type
export function createWords(own: Record<Language, Words>) {
  const plugin = createI18n({
    legacy: false,
    locale: keptLanguage(),
    fallbackLocale: 'zh',
    missingWarn: false,
    fallbackWarn: false,
    messages: { zh: { ...zh, ...own.zh }, en: { ...en, ...own.en } },
  })
  current = plugin.global as unknown as Composer
  document.documentElement.lang = TAGS[language()]
  return plugin
}

function words(): Composer {
  if (current === null) throw new Error('createWords comes first')
  return current
}

export function language(): Language {
  return words().locale.value === 'en' ? 'en' : 'zh'
}

/** Changes the language of the page and remembers it. */
export function setLanguage(wanted: Language): void {
  words().locale.value = wanted
  document.documentElement.lang = TAGS[wanted]
  try {
    localStorage.setItem(KEPT, wanted)
  } catch {
    // A computer that keeps nothing shows Chinese next time.
  }
}

function keptLanguage(): Language {
  try {
    return localStorage.getItem(KEPT) === 'en' ? 'en' : 'zh'
  } catch {
    return 'zh'
  }
}

/** A sentence outside of components. */
export function say(key: string, params: Record<string, unknown> = {}): string {
  return words().t(key, params)
}

/** The sentence for any error: our words for its code, else the server's, else a general one. */
export function sayError(error: unknown): string {
  if (error instanceof Refused) {
    const key = `refused.${error.code}`
    if (words().te(key)) return say(key, { ...error.params })
    return pick(error.sentence) ?? say('error.refused', { code: error.code })
  }
  if (error instanceof Unreachable) return say('error.unreachable')
  return say('error.unexpected')
}

/** The language's half of a server sentence. */
export function pick(sentence: Sentence | null): string | null {
  return sentence === null ? null : sentence[language()] || null
}
