"""The Chinese font for PDF files: Noto Sans SC (OFL 1.1) into `.fonts/`, as TrueType.

PDF writers embed plain TrueType files; the systems' own CJK fonts are collections with CFF
outlines. So the variable font comes out of a pinned wheel and is cut into two fixed weights.
"""

import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

from setup.console import say
from setup.places import FONTS
from setup.stamps import digest, is_current, leave
from setup.wheels import Member, Wheel, extract

_INSIDE = "justmytype_intl_cjk/fonts/ofl/notosanssc"
WHEEL = Wheel(
    project="justmytype-intl-cjk",
    version="0.1.0",
    sha256="06d9665542bfcad373716bb80583aa2d9bb2086a054fe11f706b9bd41e03f256",
    members=(
        Member(
            inside=f"{_INSIDE}/NotoSansSC[wght].ttf",
            name="NotoSansSC-variable.ttf",
            sha256="a3041811a78c361b1de50f953c805e0244951c21c5bd412f7232ef0d899af0da",
        ),
        Member(
            inside=f"{_INSIDE}/OFL.txt",
            name="OFL.txt",
            sha256="1c05c68c34f9708415aada51f17e1b0092d2cea709bf4a94cd38114f9e73d7d9",
        ),
    ),
)
WEIGHTS = {"NotoSansSC-Regular.ttf": 400, "NotoSansSC-Bold.ttf": 700}
STAMP = FONTS / "setup.stamp"


def prepare() -> None:
    """Cut the font into `.fonts/`, unless that is done already. Needs fonttools."""
    wanted = digest([Path(__file__)], version("fonttools"))
    complete = all((FONTS / name).is_file() for name in WEIGHTS)
    if complete and is_current(STAMP, wanted):
        return
    say("取中文字体并生成两个字重", "fetching the Chinese font and cutting two weights")
    FONTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gongyuan-font-", dir=FONTS) as scratch:
        extract(WHEEL, Path(scratch))
        with ProcessPoolExecutor(max_workers=len(WEIGHTS)) as pool:
            list(pool.map(_cut, [scratch] * len(WEIGHTS), WEIGHTS))
        for name in (*WEIGHTS, "OFL.txt"):
            shutil.move(Path(scratch, name), FONTS / name)
    leave(STAMP, wanted)


def _cut(folder: str, name: str) -> None:
    """Write one fixed weight of the variable font beside it."""
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    source = TTFont(Path(folder, "NotoSansSC-variable.ttf"), recalcTimestamp=False)
    fixed = instantiateVariableFont(
        source, {"wght": WEIGHTS[name]}, inplace=True, updateFontNames=True
    )
    fixed.save(Path(folder, name))
