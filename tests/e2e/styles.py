"""Which rules of a style sheet the browser at hand would drop without a word."""

from playwright.async_api import Page

_LOOK = """(text) => {
  const dropped = []
  const blocks = (from, visit) => {
    let at = from
    while (at < text.length && text[at] !== '}') {
      const open = text.indexOf('{', at), end = text.indexOf(';', at)
      if (text[at] === '@' && end >= 0 && (open < 0 || end < open)) { at = end + 1; continue }
      if (open < 0) break
      at = visit(text.slice(at, open).trim(), open + 1)
    }
    return at + 1
  }
  const closing = (from) => {
    let depth = 1, at = from
    for (; depth > 0 && at < text.length; at += 1) {
      if (text[at] === '{') depth += 1
      if (text[at] === '}') depth -= 1
    }
    return at
  }
  const rule = (head, from) => {
    if (/^@(media|supports|layer|container)/.test(head)) return blocks(from, rule)
    const end = closing(from)
    if (head.startsWith('@')) return end
    if (!CSS.supports(`selector(:is(${head}))`) && !document_takes(head)) dropped.push(head)
    for (const line of text.slice(from, end - 1).split(/;(?![^(]*\\))/)) {
      const colon = line.indexOf(':')
      const name = line.slice(0, colon).trim()
      const value = line.slice(colon + 1).replace(/!important/, '').trim()
      if (line.trim() === '' || name.startsWith('--')) continue
      if (!CSS.supports(name, value)) dropped.push(`${head} { ${line.trim()} }`)
    }
    return end
  }
  const document_takes = (head) => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(`${head}{}`)
    return sheet.cssRules.length === 1
  }
  text = text.replace(/\\/\\*[^]*?\\*\\//g, '')
  blocks(0, rule)
  return dropped
}"""


async def dropped(page: Page, style_sheet: str) -> list[str]:
    """Selectors and declarations that this browser does not know; ``style_sheet`` is its text."""
    found: list[str] = await page.evaluate(_LOOK, style_sheet)
    return found
