"""axe-core in a page: what it finds against WCAG 2.2 AA, in a few words each."""

from playwright.async_api import Page

from setup.places import CLIENT

SOURCE = CLIENT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
_RUN = """async (tags) => {
  const found = await axe.run(document, { runOnly: { type: 'tag', values: tags } })
  return found.violations.map((one) =>
    `${one.id}: ${one.help}: ` +
    one.nodes.map((node) => `${node.target.join(' ')} (${node.failureSummary})`).join('; '))
}"""


_REST = """() => {
  const still = new CSSStyleSheet()
  still.replaceSync('*, *::before, *::after { transition: none !important }')
  document.adoptedStyleSheets.push(still)
}"""


async def violations(page: Page) -> list[str]:
    """Empty for a screen that passes.

    A colour on its way to another is no colour of the screen: an answer of the server may start
    such a way at any moment, so from the first look on the page changes its colours at once.
    """
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(SOURCE.read_text())
        await page.evaluate(_REST)
    await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    found: list[str] = await page.evaluate(_RUN, TAGS)
    return found


async def scrolls(page: Page) -> bool:
    """Whether the page itself (not a part of it) is larger than the window."""
    moves: bool = await page.evaluate(
        "document.documentElement.scrollHeight > innerHeight"
        " || document.documentElement.scrollWidth > innerWidth"
    )
    return moves
