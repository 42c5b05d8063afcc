/**
 * What a built program uses that Chromium 109 does not have.
 *
 * The sources are linted with types; a bundle also holds the libraries, and no types. So a method is
 * known by its name alone, and names that older things have too are left to the lint of the sources.
 * What no list knows is left to the journey in the real browser (tests/e2e/test_oldest_browser.py).
 */
import compat from 'eslint-plugin-compat'
import es from 'eslint-plugin-es-x'
import { Linter } from 'eslint'

/** Newer methods of iterators and buffers whose names arrays and plain objects have as well. */
const NAMES_OF_OLDER_THINGS = [
  ...['every', 'filter', 'find', 'flatmap', 'foreach', 'map', 'reduce', 'some', 'take', 'drop'].map(
    (name) => `es-x/no-iterator-prototype-${name}`,
  ),
  'es-x/no-arraybuffer-prototype-transfer',
  'es-x/no-resizable-and-growable-arraybuffers',
  'es-x/no-set-prototype-difference',
  'es-x/no-uint8array-prototype-tohex',
]
/** In Chromium since 97. */
const IN_109 = ['es-x/no-array-prototype-findlast-findlastindex']

/** The browser's own that came after 109 and that no data of the plugins names (MDN). */
const NEWER_GLOBALS = ['CloseWatcher', 'Iterator', 'Sanitizer', 'Temporal', 'ViewTransition']
const NEWER_PROPERTIES = [
  { object: 'AbortSignal', property: 'any' },
  { object: 'ReadableStream', property: 'from' },
  { object: 'URL', property: 'canParse' },
  { object: 'URL', property: 'parse' },
  { object: 'document', property: 'startViewTransition' },
  { property: 'showPopover' },
  { property: 'togglePopover' },
  { property: 'moveBefore' },
  { property: 'setHTMLUnsafe' },
]

const CONFIG: Linter.Config = {
  languageOptions: { ecmaVersion: 2022, sourceType: 'module' },
  linterOptions: { reportUnusedDisableDirectives: 'off', noInlineConfig: true },
  plugins: { compat, 'es-x': es },
  settings: { 'es-x': { aggressive: true }, browsers: ['chrome 109'] },
  rules: {
    ...es.configs['flat/restrict-to-es2022'].rules,
    ...Object.fromEntries([...NAMES_OF_OLDER_THINGS, ...IN_109].map((rule) => [rule, 'off'])),
    'compat/compat': 'error',
    'no-restricted-globals': ['error', ...NEWER_GLOBALS],
    'no-restricted-properties': ['error', ...NEWER_PROPERTIES],
  },
}

/**
 * Vue gives its reactive arrays these methods, so each name stands once in a bundle; it runs where a
 * program calls it, which the lint of the sources forbids.
 */
const ONCE = ['toreversed', 'tosorted', 'tospliced'].map(
  (name) => `es-x/no-array-prototype-${name}`,
)

/** One line for each thing that is too new; empty for a program that Chromium 109 runs. */
export function tooNew(script: string): string[] {
  const spent = new Set<string>()
  const lines: string[] = []
  for (const { ruleId, message, line, column } of new Linter().verify(script, CONFIG)) {
    if (ruleId !== null && ONCE.includes(ruleId) && !spent.has(ruleId)) spent.add(ruleId)
    else lines.push(`${line}:${column} ${message}`)
  }
  return lines
}
