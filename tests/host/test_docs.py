"""The pages in docs/ and the README name files and functions that exist."""

import re
import unittest
from pathlib import Path
from typing import Iterator, Tuple

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)")
# `name` in [file](path), and, in tables, [file](path), `name`
NAMED = re.compile(r"`(\w+)` (?:in|of)\s+\[[^\]]*\]\(([^)]+)\)|\[[^\]]*\]\(([^)]+)\), `(\w+)`")


def pages() -> Iterator[Path]:
    yield ROOT / "README.md"
    yield from sorted((ROOT / "docs").glob("*.md"))


def named() -> Iterator[Tuple[Path, str, Path]]:
    for page in pages():
        for before, path, other, after in NAMED.findall(page.read_text(encoding="utf-8")):
            yield page, before or after, (page.parent / (path or other)).resolve()


class Docs(unittest.TestCase):
    def test_links_lead_somewhere(self) -> None:
        for page in pages():
            for target in LINK.findall(page.read_text(encoding="utf-8")):
                with self.subTest(page=page.name, target=target):
                    self.assertTrue((page.parent / target).exists())

    def test_named_functions_exist(self) -> None:
        found = list(named())
        self.assertGreater(len(found), 15)
        for page, name, path in found:
            with self.subTest(page=page.name, name=name, path=path.name):
                self.assertRegex(path.read_text(encoding="utf-8"), rf"\b{name}\b")


if __name__ == "__main__":
    unittest.main()
