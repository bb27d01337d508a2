"""docs/GUIDE.md does what it says: its steps, done on a copy of the tree."""

import re
import shutil
import unittest

from tests.support.tree import ROOT, Tree

STEP = re.compile(r"^(Append to|Create) `([^`]+)`:\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TRY = re.compile(r"^```\n(make run CMD=\S+)\n```\n\nprints\n\n```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class AddingThings(unittest.TestCase):
    """A program; one line, one function, one program for a call; a table, a server and a program for a protocol; a
    driver: exactly those of the guide."""

    takes_long = True

    def setUp(self) -> None:
        self.guide = (ROOT / "docs/GUIDE.md").read_text(encoding="utf-8")
        self.steps = STEP.findall(self.guide)

    def test_the_guide_has_its_steps(self) -> None:
        files = [(verb, name) for verb, name, _ in self.steps]
        self.assertEqual(files, [
            ("Create", "user/bin/first.c"),
            ("Append to", "kernel/abi/syscalls.tbl"),
            ("Create", "kernel/sys/silly.c"),
            ("Create", "user/bin/silly.c"),
            ("Create", "user/servers/tally/tally.tbl"),
            ("Create", "user/servers/tally/main.c"),
            ("Create", "user/bin/count.c"),
            ("Create", "user/bin/alarm.c"),
        ])

    def leave_out(self, tree: Tree) -> None:
        """A new call has every program compiled again. Suites and tools, most of all that is, are not run here."""
        for folder in ("tests/user", "tests/bench", "user/bin"):
            for entry in (tree.root / folder).iterdir():
                if entry.is_dir() and entry.name != "sh":
                    shutil.rmtree(entry)
                elif entry.suffix == ".c" and entry.name != "test.c":  # the archive has it by another name, too
                    entry.unlink()

    def test_the_steps_work(self) -> None:
        with Tree() as tree:
            for verb, name, _ in self.steps:
                self.assertEqual((tree.root / name).exists(), verb == "Append to", name)
            self.leave_out(tree)
            for verb, name, text in self.steps:
                tree.write(name, tree.read(name) + text if verb == "Append to" else text)
            tries = TRY.findall(self.guide)
            self.assertEqual(len(tries), 4)
            for command, expected in tries:
                made = tree.make(*command.split()[1:])
                self.assertEqual(made.status, 0, made.output)
                self.assertTrue(made.output.endswith(expected), made.output)
            accepted = tree.make("abi-accept", "docs")
            self.assertEqual(accepted.status, 0, accepted.output)
            self.assertIn("silly_foo", tree.read("docs/SYSCALLS.md"))
            self.assertIn("tally_add", tree.read("docs/PROTOCOLS.md"))


if __name__ == "__main__":
    unittest.main()
