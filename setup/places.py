"""Where set-up puts things. Everything is inside the checkout and ignored by git."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
MODELS = ROOT / ".models"
FONTS = ROOT / ".fonts"
CLIENT = ROOT / "client"
PROGRAMS = ROOT / ".setup" / "bin"
INTEROP = ROOT / ".setup" / "interop"
NOTICES = ROOT / "setup" / "notices"
