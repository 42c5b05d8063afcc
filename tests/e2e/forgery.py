"""Somebody between the seat PC and the server who says 'saved' in the server's name."""

from playwright.async_api import Page

# Where the page reads what came over the line. Playwright's own way to stand in a line needs a
# newer browser than the oldest served.
_BETWEEN = """() => {
  const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data')
  window.forging = { active: false, forged: 0 }
  Object.defineProperty(MessageEvent.prototype, 'data', {
    get() {
      const came = get.call(this)
      if (!window.forging.active || typeof came !== 'string') return came
      const message = JSON.parse(came)
      if (message.type !== 'ack') return came
      window.forging.forged += 1
      // The server's own signature, under more than the server said.
      return JSON.stringify({ ...message, acked_through: message.acked_through + 1 })
    },
  })
}"""


class Forger:
    """Stands in the line of one page."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def stand_between(self) -> None:
        """Before the page is opened."""
        await self._page.add_init_script(f"({_BETWEEN})()")

    async def forge(self, *, active: bool) -> None:
        """From now on every acknowledgement is changed, or none."""
        await self._page.evaluate("(active) => { window.forging.active = active }", active)

    async def forged(self) -> int:
        """How many were changed and read."""
        count: int = await self._page.evaluate("window.forging.forged")
        return count
