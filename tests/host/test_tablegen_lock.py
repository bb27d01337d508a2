"""The ABI lock: what may and may not change once it is published."""

from __future__ import annotations

import re
import unittest

from tests.support.tables import Scratch


class Lock(Scratch):
    """What may and may not change once it is published."""

    def setUp(self) -> None:
        super().setUp()
        self.accept()

    def keeps(self, file: str, old: str, new: str) -> None:
        self.change(file, old, new)
        self.assertEqual(self.tablegen("--check-lock-complete"), (0, ""))

    def breaks(self, file: str, old: str, new: str, message: str, at: str = "") -> None:
        self.change(file, old, new)
        before = self.get("lock")
        self.refused(file, at or new, message)
        self.refused(file, at or new, message, "--accept")
        self.assertEqual(self.get("lock"), before)

    def test_accepting_twice_changes_nothing(self) -> None:
        before = (self.folder / "lock").stat().st_mtime_ns
        self.accept()
        self.assertEqual((self.folder / "lock").stat().st_mtime_ns, before)

    def test_renamed_argument(self) -> None:
        self.keeps("syscalls.tbl", "in u32 words[n], u16 n", "in u32 values[count], u16 count")

    def test_other_text(self) -> None:
        self.keeps("types.tbl", "## not second", "## the last")

    def test_other_errors(self) -> None:
        self.keeps("syscalls.tbl", "(bool fail) ! EINVAL EAGAIN", "(bool fail) ! EINVAL EAGAIN EBADF")

    def test_moved_lines(self) -> None:
        self.keeps("syscalls.tbl", "table native 16\n", "# A comment.\n\ntable native 16\n")

    def test_type_of_an_argument(self) -> None:
        self.breaks("syscalls.tbl", "narrow(u8 a,", "narrow(u16 a,",
                    r"published call narrow has changed; published: call 1 native narrow - u32 \(u8, .*now: .*\(u16, ")

    def test_result(self) -> None:
        self.breaks("syscalls.tbl", "u32 sets(", "u64 sets(", "published call sets has changed")

    def test_right(self) -> None:
        self.breaks("syscalls.tbl", "leave_by(thing:use t)", "leave_by(thing:low t)", "leave_by has changed")

    def test_attribute(self) -> None:
        self.breaks("syscalls.tbl", "12 native noreturn void", "12 native - void", "published call leave has changed")

    def test_order_of_arguments(self) -> None:
        self.breaks("syscalls.tbl", "u8 a, i8 b, u16 c", "i8 b, u8 a, u16 c", "published call narrow has changed")

    def test_name(self) -> None:
        self.breaks("syscalls.tbl", "u32 sets(", "u32 collections(", "number 2 is used again: .* published as sets")

    def test_number(self) -> None:
        self.change("syscalls.tbl", "2 native - u32 sets(", "14 native - u32 sets(")
        self.change("syscalls.tbl", "gap 7-8", 'gap 2 "moved"\n\ngap 7-8')
        self.refused("syscalls.tbl", "14 native - u32 sets(", "sets has moved from number 2 to 14")

    def test_removed_call(self) -> None:
        text = self.get("syscalls.tbl")
        self.put("syscalls.tbl", text[:text.index("## Returns only to fail.")])
        self.refused("syscalls.tbl", "table native 16", "published call leave_by is gone; .*write `retired 13 leave_by")

    def test_flag(self) -> None:
        self.breaks("types.tbl", "low  0x1  ", "low  0x2  ", "a published flag has changed; published: flags mode low")

    def test_removed_flag(self) -> None:
        self.change("types.tbl", "\tlow  0x1         ## the lowest\n", "")
        self.change("syscalls.tbl", "thing:use+mode t", "thing:use t")
        self.refused("types.tbl", "flags mode {", "a published flag is gone; published: flags mode low 0x1")

    def test_new_flag(self) -> None:
        self.change("types.tbl", "\thigh 0x40000000", "\tmiddle 0x80 ## new\n\thigh 0x40000000")
        self.change("types.tbl", "\tright high 0x400", "\tright middle 0x800 ## new\n\tright high 0x400")
        self.assertEqual(self.tablegen(), (0, ""))
        self.refused("types.tbl", "right middle", "not in the ABI lock yet: .*`make abi-accept`",
                     "--check-lock-complete")
        self.accept()
        self.assertEqual(self.tablegen("--check-lock-complete"), (0, ""))

    def test_enum_value(self) -> None:
        self.breaks("types.tbl", "blue 5 ", "blue 6 ", "published enum value has changed; published: enum colour blue 5")

    def test_struct(self) -> None:
        self.breaks("types.tbl", "i32 second\n\tu32 third", "u32 third\n\ti32 second", "published struct has changed",
                    at="struct answer {")

    def test_removed_struct(self) -> None:
        self.change("types.tbl", "struct answer {", "struct reply {")
        self.change("syscalls.tbl", "out struct answer r", "out struct reply r")
        status, complaints = self.tablegen()
        self.assertEqual(status, 1)
        self.assertIn("a published struct is gone; published: struct answer", complaints)

    def test_error_number(self) -> None:
        self.breaks("types.tbl", "error ENOSYS 88", "error ENOSYS 89", "published error has changed")

    def test_object_number(self) -> None:
        self.breaks("types.tbl", "object other 9", "object other 10", "published object has changed")

    def test_right_value(self) -> None:
        self.breaks("types.tbl", "right copy 0x01", "right copy 0x02", "published right has changed")

    def test_packed_call_grows(self) -> None:
        self.change("syscalls.tbl", "; u32 added)", "; u32 added; u64 later, bool more)")
        self.refused("syscalls.tbl", "6 native struct", "not in the ABI lock yet", "--check-lock-complete")
        self.accept()
        self.assertIn("\n".join(line.split(" ")[3] for line in self.get("lock").split("\n") if "packed" in line),
                      "packed\npacked\npacked")
        self.breaks("syscalls.tbl", "; u64 later, bool more)", ")", "arguments of the published call packed are gone",
                    at="6 native struct")

    def test_packed_call_changes_without_growing(self) -> None:
        self.breaks("syscalls.tbl", "; u32 added)", ", u32 added)", "published call packed has changed")

    def test_retired_call(self) -> None:
        text = self.get("syscalls.tbl")
        self.put("syscalls.tbl", text[:text.index("## Returns only to fail.")] + 'retired 13 leave_by "of no use"\n')
        self.assertEqual(self.tablegen(), (0, ""))
        self.accept()
        self.assertRegex(self.get("lock"), r"(?m)^retired 13 native leave_by ")
        self.assertNotRegex(self.get("lock"), r"(?m)^call 13 ")
        self.generate("--check-lock-complete")
        self.assertIn("[13] = thunk_no_such_call", self.get("gen/kernel/tables.c"))
        self.breaks("syscalls.tbl", 'retired 13 leave_by "of no use"', "## New.\n13 native - u32 other_call() ! -",
                    "number 13 is used again: it was leave_by, which is retired", at="13 native - u32 other_call")

    def test_retired_line_removed(self) -> None:
        text = self.get("syscalls.tbl")
        without = text[:text.index("## Returns only to fail.")]
        self.put("syscalls.tbl", without + 'retired 13 leave_by "of no use"\n')
        self.accept()
        self.put("syscalls.tbl", without)
        self.refused("syscalls.tbl", "table native 16", "the line of the retired call leave_by is missing")

    def test_retired_under_another_name(self) -> None:
        text = self.get("syscalls.tbl")
        self.put("syscalls.tbl", text[:text.index("## Returns only to fail.")] + 'retired 13 left "of no use"\n')
        self.refused("syscalls.tbl", "retired 13", "number 13 was published as leave_by, not left")

    def test_retired_but_never_published(self) -> None:
        self.change("syscalls.tbl", 'gap 7-8 "kept"', 'retired 7 never "why"\ngap 8 "kept"')
        self.refused("syscalls.tbl", "retired 7", "number 7 was never published")

    def test_lock_edited_by_hand(self) -> None:
        self.change("lock", "u32 (u8, i8,", "u32 (u16, i8,")
        self.refused("lock", "u32 (u16, i8,", "the hash of narrow doesn't fit its signature")

    def test_lock_with_a_merge_conflict(self) -> None:
        self.put("lock", "<<<<<<< HEAD\n" + self.get("lock"))
        self.refused("lock", "<<<<<<<", "this is no fact of an ABI lock")

    def test_fact_recorded_twice(self) -> None:
        self.put("lock", self.get("lock") + "error EBADF 10\n")
        self.refused("lock", "error EBADF 10", "recorded twice")

    def test_lock_missing(self) -> None:
        (self.folder / "lock").unlink()
        status, complaints = self.tablegen()
        self.assertEqual(status, 1)
        self.assertRegex(complaints, r"lock:1: error: there is no ABI lock here; .*`make abi-accept`")

    def test_facts_are_sorted(self) -> None:
        numbers = [int(n) for n in re.findall(r"(?m)^call (\d+)", self.get("lock"))]
        self.assertEqual(numbers, sorted(numbers))


if __name__ == "__main__":
    unittest.main()
