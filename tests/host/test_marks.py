"""How scripts/run takes the console apart when whoever prints a line of the kernel's dies in the middle of it."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import unittest
from pathlib import Path
from typing import Any, Dict, List, Tuple

ROOT = Path(__file__).resolve().parents[2]
LINE = b"\x01abcdef<[    0.300000] process 5 (crash) ended\x01abcdef>"


def load_run() -> Any:
    loader = importlib.machinery.SourceFileLoader("scripts_run", str(ROOT / "scripts/run"))
    spec = importlib.util.spec_from_loader("scripts_run", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


class Marks(unittest.TestCase):
    def parts(self, data: bytes, piece: int) -> Tuple[bytes, List[bytes], bytes]:
        """The output, the kernel's lines and the status of what comes in pieces of that size."""
        splitter = load_run().Splitter("abcdef")
        found: Dict[str, bytes] = {"boot": b"", "output": b"", "status": b"", "kernel": b""}
        lines: List[bytes] = []
        for at in range(0, len(data) + 1, piece):
            for part, text in splitter.feed(data[at : at + piece]):
                found[part] += text
                if part == "kernel" and not text:
                    lines.append(found.pop("kernel"))
                    found["kernel"] = b""
        return found["output"], lines, found["status"]

    def test_whole_lines(self) -> None:
        data = b"\x01abcdef{one " + LINE + b"two" + LINE + b"\x01abcdef}7\r\n"
        line = LINE[8:-8]
        for piece in (1, 3, 1000):
            self.assertEqual(self.parts(data, piece), (b"one two", [line, line], b"7\n"))

    def test_a_line_that_is_cut_anywhere(self) -> None:
        for cut in range(2, len(LINE)):
            data = b"\x01abcdef{one " + LINE[:cut] + LINE + b"two\x01abcdef}7\r\n"
            for piece in (1, 1000):
                with self.subTest(cut=cut, piece=piece):
                    output, lines, status = self.parts(data, piece)
                    self.assertEqual((output, lines[-1], status), (b"one two", LINE[8:-8], b"7\n"))
                    self.assertLessEqual(len(lines), 2)


if __name__ == "__main__":
    unittest.main()
