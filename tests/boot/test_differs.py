"""The shell and the tools against those that everybody knows: the same snippets here, and on this machine with dash."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List, Tuple

from tests.support import boot, record

SNIPPETS = boot.ROOT / "tests/support/differs.txt"
MARK = "=#="

Result = Tuple[int, str]


def interruptible() -> None:
    """Whoever started the tests in the background may ignore Ctrl-C, which a shell would hand on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def snippets() -> List[str]:
    return SNIPPETS.read_text(encoding="utf-8").split("----\n")[1:]


def script(shell: str, folder: str) -> str:
    """Runs each snippet in a folder of its own, and prints its number, its status and what it has printed."""
    lines = [f"HOME={folder}/home LC_ALL=C PATH=/bin:/usr/bin; export HOME LC_ALL PATH; mkdir -p {folder}/home"]
    for number, text in enumerate(snippets()):
        lines.append(f"mkdir {folder}/{number}; cd {folder}/{number}\n"
                     f"cat > ../script << 'THE_END_OF_IT'\n{text}THE_END_OF_IT\n"
                     f"{shell} ../script > ../out 2> ../err < /dev/null; status=$?\n"
                     f"echo; echo {MARK} {number} $status; cat ../out")
    return "\n".join(lines) + "\n"


def results(output: str) -> Dict[int, Result]:
    parts = re.split(rf"\n{MARK} (\d+) (\d+)\n", "\n" + output + "\n")
    return {int(parts[at]): (int(parts[at + 1]), parts[at + 2].rstrip("\n")) for at in range(1, len(parts), 3)}


@unittest.skipUnless(shutil.which("dash"), "this machine has no dash to compare with")
class Differs(unittest.TestCase):
    maxDiff = None

    def test_as_elsewhere(self) -> None:
        with tempfile.TemporaryDirectory(prefix="tabula-differs-") as folder:
            done = subprocess.run(["dash", "/dev/stdin"], input=script("dash", folder), text=True, errors="replace",
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder,
                                  preexec_fn=interruptible)
            (Path(folder) / "snippets").write_text(script("sh", "/tmp/differs"), encoding="utf-8")
            here = boot.run("sh /bin/snippets", programs=[Path(folder) / "snippets"])
        self.assertEqual(here.status, 0, str(here))
        expected, found = results(done.stdout), results(here.output)
        self.assertEqual((len(expected), len(found)), (len(snippets()), len(snippets())))
        record.note("Differs", f"figure: {len(expected)} snippets do what they do under dash")
        for number, text in enumerate(snippets()):
            with self.subTest(text):
                self.assertEqual(found[number], expected[number])


if __name__ == "__main__":
    unittest.main()
