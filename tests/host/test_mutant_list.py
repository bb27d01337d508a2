"""The mutants that `scripts/mutate` makes: what it finds to take out of the tree. What becomes of them takes hours."""

import unittest

from tests.support import mutants


class List(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.all = list(mutants.all_mutants())

    def test_survivors_that_are_known_are_there(self) -> None:
        """A line that was moved or written anew is not known any more, nor why."""
        there = {mutant.key for mutant in self.all}
        self.assertEqual([known for known in mutants.KNOWN if known not in there], [])

    def test_every_kind_is_found(self) -> None:
        """Fences are macros, so a new name for one must not hide it."""
        kinds = {kind: sum(mutant.kind == kind for mutant in self.all) for kind in ("check", "fence", "lock", "order", "thunk")}
        self.assertTrue(all(kinds.values()), kinds)
        fenced = {mutant.file for mutant in self.all if mutant.kind == "fence"}
        using = {file for file in mutants.sources()
                 if file.endswith(".c") and "\triscv_fence_code();" in (mutants.ROOT / file).read_text(encoding="utf-8")}
        self.assertLessEqual(using, fenced)


if __name__ == "__main__":
    unittest.main()
