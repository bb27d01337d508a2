"""Entry point of `python3 scripts/tablegen`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from tablegen.cli import main  # noqa: E402  (the path has to be set first)

sys.exit(main(sys.argv[1:]))
