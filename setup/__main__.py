"""`python3 -m setup STEP...`: run the named steps of set-up, in order."""

import sys


def main(names: "list[str]") -> None:
    """Run the steps; exit 1 with a bilingual message when one cannot go on, 2 on wrong usage.

    This file alone must be readable by any Python 3, so that an old one is told what is wrong.
    """
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.stderr.write(
            "✗ 需要 Python 3.11 或更新版本;可用 make setup PYTHON=python3.11 指定。\n"
            "✗ Python 3.11 or newer is needed; name it with make setup PYTHON=python3.11.\n"
        )
        raise SystemExit(1)
    from setup import browser, client, environment, fonts, interop, models, oldest, second_engine
    from setup.console import SetupFailed, give_up

    steps = {
        "environment": environment.prepare,
        "models": models.prepare,
        "fonts": fonts.prepare,
        "client": client.prepare,
        "browser": browser.prepare,
        "oldest": oldest.prepare,
        "interop": interop.prepare,
        "second-engine": second_engine.prepare,
    }
    if not names or not steps.keys() >= set(names):
        sys.stderr.write("usage: python3 -m setup {" + ",".join(steps) + "}...\n")
        raise SystemExit(2)
    try:
        for name in names:
            steps[name]()
    except SetupFailed as failure:
        give_up(failure)


if __name__ == "__main__":
    main(sys.argv[1:])
