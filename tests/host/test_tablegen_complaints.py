"""What the table generator says of tables that are wrong."""

from __future__ import annotations

import random
import re
import unittest
from tests.support.tables import ABI, CALLS, TYPES, Scratch, mutate


class Complaints(Scratch):
    """What the checker says, one wrong thing at a time. test_refusals.py feeds the commonest to the build."""

    def setUp(self) -> None:
        super().setUp()
        self.accept()

    def call(self, line: str, message: str) -> None:
        self.put("syscalls.tbl", CALLS + f"\n## Text.\n{line}\n")
        with self.subTest(line=line):
            self.refused("syscalls.tbl", line.split("\n")[0], message)

    def test_calls(self) -> None:
        self.call("14 native fast u32 f() ! -", "unknown attribute 'fast'; there are blocks, lend, message, noreturn, struct")
        self.call("14 native message void f(u32 a, u32 b) ! -", "a `message` call has one argument")
        self.call("14 native lend void f(u32 a) ! EFAULT", "a `lend` call is a `message` call; write message,lend")
        self.call("14 native message,lend void f(u32 a) ! -", r"can return EFAULT \(its windows\)")
        self.call("14 native message void f(u32 message) ! -", "'message' can't be the name of an argument: the gener")
        self.call("14 native message,lend void f(u32 windows) ! EFAULT", "'windows' can't be the name of an argument")
        self.call("14 native blocks,blocks u32 f() ! -", "attribute is written twice")
        self.call("14 native struct u32 f(u32 a) ! EFAULT EINVAL E2BIG", "1 arguments fit into registers")
        self.call("14 natives - u32 f() ! -", "unknown table 'natives'; did you mean 'native'")
        self.call("14 native - i32 f() ! -", "result of type i32 could be taken for an error")
        self.call("14 native noreturn u32 f() ! -", "a noreturn call has no result")
        self.call("14 native noreturn void f() ! EAGAIN", "EAGAIN can't be returned")
        self.call("14 native - u32 f(u32 a, u32 a) ! -", "argument a is declared twice")
        self.call("14 native - u32 f(u32 int) ! -", "'int' can't be the name of an argument: it means something in C")
        self.call("14 native - u32 f(u32 class) ! -", "'class' can't be the name of an argument")
        self.call("14 native - u32 f(u32 a0) ! -", "'a0' can't be the name of an argument: the generated code")
        self.call("14 native - u32 F() ! -", "'F' can't be the name of a call: names are lower case")
        self.call("14 native - u32 f(u32 _a) ! -", "'_a' can't be the name of an argument")
        self.call("14 native - u32 f(u32 out) ! -", "'out' can't be the name of an argument")
        self.call("14 native - u32 f(u8 buf[n], size n) ! EFAULT", "a buffer has a direction")
        self.call("14 native - u32 f(in u8 buf, size n) ! EFAULT", r"expected '\[' and the argument that tells")
        self.call("14 native - u32 f(in bool buf[n], size n) ! EFAULT", "unknown type 'bool' of elements")
        self.call("14 native - u32 f(in u8 buf[n], i32 n) ! EFAULT", "length 'n' of buf is no count")
        self.call("14 native - u32 f(answer a) ! EFAULT", "a struct is passed by its address: write `in struct answer`")
        self.call("14 native - u32 f(mode a) ! EINVAL", "'mode' is a flag set: write flags<mode>")
        self.call("14 native - u32 f(colour a) ! EINVAL", "'colour' is an enum: write enum<colour>")
        self.call("14 native - u32 f(other+mode o, flags<mode> mode) ! EBADF EFTYPE EACCES EINVAL",
                  "flag low of mode is no right of other")
        self.call("14 native - u32 f(other+x o, u32 x) ! EBADF EFTYPE EACCES", r"'\+x' names no argument with flags")
        self.call("14 native - u32 f(u32 a; u32 b) ! -", "only a `struct` call can grow")
        self.call("14 native - u32 f(other:use o) ! -", r"can return EBADF \(argument o\), EFTYPE .*, EACCES")
        self.call("14 native - u32 f(flags<mode> m) ! -", "can return EINVAL")
        self.call("14 native - u32 f(in struct question q) ! EFAULT", "can return EINVAL")
        self.call("14 native - u32 f() ! EAGAIN EAGAIN", "error EAGAIN is listed twice")
        self.call("14 native - u32 f()", "expected '!' and the errors")
        self.call("14 native - u32 f(u32 a ! -", r"expected ',' or '\)' but found '!'")
        self.call("14 native - u32 f(u32 a,", r"this '\(' is not closed; the lines that continue a call begin with")
        self.call("14 native - u32 f(u32 a", r"this '\(' is not closed")
        self.call("14 native - u32 f() ! - ## text", "manual text stands on lines of its own")
        self.call("14 native - u32 f() ! - EINVAL", "expected the end of the line but found 'EINVAL'")
        self.call("0x native - u32 f() ! -", "'0x' is not a number")
        self.call("014 native - u32 f() ! -", "'014' is not a number")
        self.call("99999999999999999999999 native - u32 f() ! -", "the number is too large")
        self.call("0xfffffffff native - u32 f() ! -", "the number is too large")
        self.call("f() ! -", "expected the number of a call or one of")
        self.call("14 native - u32 f(u32 é) ! -", "unexpected character 'é'")
        self.call('gap 14-13 "why"', "ends at 13 before it begins at 14")
        self.call('gap 3 "why"', "number 3 is not free: call handles has it at")
        self.call('gap 8-9 "why"', "number 8 is in two gaps")
        self.call('gap 14-16 "why"', "the gap lies outside table native")
        self.call("gap 14-15", "expected the reason in quotation marks")
        self.call('gap 14 "why', "this text is not closed by a quotation mark")
        self.call("table native 32", "table native is declared twice")
        self.call("table large 100", "a power of two of slots")

    def grown(self, arguments: str, line_with: str, message: str) -> None:
        """A packed call with arguments added after ';'."""
        self.put("types.tbl", TYPES + "\n## No zero.\nenum size_class {\n\tsmall 1 ## text\n}\n")
        self.put("syscalls.tbl", CALLS + "\n## Text.\n14 native struct u32 f(u32 n, u32 b, u32 c, u32 d, u32 e, "
                 f"u32 g, u32 h{arguments})\n\t! EFAULT EINVAL E2BIG EBADF EFTYPE\n")
        with self.subTest(arguments=arguments):
            self.refused("syscalls.tbl", line_with, message)

    def test_arguments_added_later(self) -> None:
        self.grown("; other o", "; other o", "'o' was added after ';', so it is zero for older programs")
        self.grown("; in struct question q", "; in struct", "'q' was added after ';'")
        self.grown("; enum<size_class> s", "; enum", "zero for older programs, and enum size_class has no zero")
        self.grown("; in u8 buf[n]", "; in u8", "buf and its length n were not added together")
        self.grown("".join(f", u8 x{i}" for i in range(25)), "u8 x24", "a call has at most 31 arguments")

    def test_manual_text(self) -> None:
        for text, message in (("", "call f has no manual text"), ("##\n", "call f has no manual text"),
                              ("## A */ b.\n", "the text holds")):
            with self.subTest(text=text):
                self.put("syscalls.tbl", CALLS + f"\n{text}14 native - u32 f() ! -\n")
                self.refused("syscalls.tbl", "14 native - u32 f()", message)
        self.put("syscalls.tbl", CALLS + "\n## Lost.\n\n# A comment.\n")
        self.refused("syscalls.tbl", "## Lost.", "belongs to nothing")

    def declaration(self, text: str, line_with: str, message: str) -> None:
        self.put("types.tbl", TYPES + "\n## Text.\n" + text)
        with self.subTest(text=text):
            self.refused("types.tbl", line_with, message)

    def test_types(self) -> None:
        self.declaration("flags f {\n\tone 0x3 ## text\n}\n", "one 0x3", "each is one bit of its own")
        self.declaration("flags f {\n\tone 0x80000000 ## text\n}\n", "one 0x8", "bit 30 is the last")
        self.declaration("flags f {\n\tone 0x0 ## text\n}\n", "one 0x0", "each is one bit of its own")
        self.declaration("flags f {\n\tone 1 ## text\n\ttwo 1 ## text\n}\n", "two 1", "flag 0x1 is declared twice")
        self.declaration("flags f {\n\tone 1 ## text\n\tone 2 ## text\n}\n", "one 2", "flag one is declared twice")
        self.declaration("flags f {\n\tone 1\n}\n", "one 1", "flag one has no manual text")
        self.declaration("flags f {\n}\n", "flags f", "flags f is empty")
        self.declaration("flags colour {\n\tone 1 ## text\n}\n", "flags colour", "'colour' is declared twice")
        self.declaration("enum f {\n\tone 1 ## text\n\ttwo 1 ## text\n}\n", "two 1", "value 1 is declared twice")
        self.declaration("enum f {\n\tone 0x80000000 ## text\n}\n", "one 0x8", "C's enums end at")
        self.declaration("enum size {\n\tmax 1 ## text\n}\n", "enum size", "can't be the name of")
        self.declaration("enum uint8 {\n\tmax 1 ## text\n}\n", "max 1", "this gives UINT8_MAX in C")
        self.declaration("enum mode_low {\n\tx 1 ## text\n}\nflags x {\n\ty 1\n}\n", "y 1", "flag y has no manual text")
        self.declaration("enum right {\n\tcopy 1 ## text\n}\n", "enum right", "can't be the name of")
        self.declaration("struct s {\n\tu8 a\n\tu32 b\n}\n", "u32 b", "3 bytes of padding before b")
        self.declaration("struct s {\n\tu32 a\n\tu8 b\n}\n", "struct s", "3 bytes of padding at the end")
        self.declaration("struct s {\n}\n", "struct s", "struct s has no fields")
        self.declaration("struct s {\n\tu32 a\n\tu32 a[1]\n}\n", "u32 a[1]", "field a is declared twice")
        self.declaration("struct s {\n\tu8 a[0]\n}\n", "u8 a[0]", "an array of no elements")
        self.declaration("struct s {\n\tu8 a[99999]\n}\n", "struct s", "a thunk copies at most 1024")
        self.declaration("struct s {\n\tint a\n}\n", "int a", "unknown type 'int'")
        self.declaration("struct s {\n\tenum<colours> a\n}\n", "enum<colours>", "unknown enum 'colours'; did you mean")
        self.declaration("struct s {\n\tu32 a b\n}\n", "u32 a b", "expected the end of the line but found 'b'")
        self.declaration("struct s {\n\tu32 a\n", "struct s {", "this '{' is never closed")
        self.declaration("struct s { u32 a }\n", "struct s {", "expected the end of the line after '{'")
        self.declaration("object o 3 {\n\tright x 0x100 ## text\n}\n", "object o 3",
                         "object number 3 is declared twice")
        self.declaration("object o 0 {\n}\n", "object o 0", "lies between 1 and 255")
        self.declaration("object o 4 {\n\tright x 0x10 ## text\n}\n", "right x 0x10", "bits 0 to 7 are for the common")
        self.declaration("object o 4 {\n\tright copy 0x100 ## text\n}\n", "right copy 0x100", "a common right already")
        self.declaration("object o 4 {\n\tx 0x100 ## text\n}\n", "\tx 0x100", "expected 'right' but found 'x'")
        self.declaration("common {\n\tright x 0x100 ## text\n}\n", "right x 0x100", "these have bits 0 to 7")

    def test_errors(self) -> None:
        for line, message in (('error EBADF 10 "x"', "error EBADF is declared twice"),
                              ('error EOTHER 9 "x"', "error number 9 is declared twice"),
                              ('error OTHER 10 "x"', "'OTHER' is not the name of an error"),
                              ('error EOTHER 4096 "x"', "lies between 1 and 4095"),
                              ('error EOTHER 10 ""', "error EOTHER has no text"),
                              ('error EOTHER "x"', "expected the number of the error")):
            with self.subTest(line=line):
                self.put("types.tbl", TYPES + f"\n{line}\n")
                self.refused("types.tbl", line, message)
        self.put("types.tbl", TYPES.replace('error ENOSYS 88 "No call"\n', ""))
        self.refused("syscalls.tbl", "table native 16", "error ENOSYS is not declared")

    def test_bytes(self) -> None:
        for data, message in ((b"# caf\xe9\n", "byte 0xe9 is not UTF-8"), (b"# text\r\n", "carriage return"),
                              (b"# \x00\n", "control character"), (b"\xef\xbb\xbf# text\n", "control character")):
            with self.subTest(data=data):
                (self.folder / "types.tbl").write_bytes(data + TYPES.encode())
                status, complaints = self.tablegen()
                self.assertEqual(status, 1)
                self.assertRegex(complaints, rf"types.tbl:1: error: .*{message}")

    def test_what_could_not_be_read_is_not_unknown(self) -> None:
        """One mistake gives one complaint, though other lines build on what it spoils."""
        self.change("types.tbl", "enum colour {", "enum colour is {")
        status, complaints = self.tablegen()
        self.assertEqual(status, 1)
        self.assertNotIn("unknown enum", complaints)

    def test_the_place_is_shown(self) -> None:
        self.change("syscalls.tbl", "u16 n,", "u17 n,")
        _, complaints = self.tablegen()
        self.assertRegex(complaints, r"(?s)unknown type 'u17'.*\n +\d+ \| 4 native.*\n +\| +\^~~\n")


class Mutations(Scratch):
    """Tables with random damage end in success or in complaints that name a place, never in anything else."""

    ROUNDS = 400

    def test_mutated_tables(self) -> None:
        rng = random.Random(20)
        originals = {"types.tbl": (ABI / "types.tbl").read_text(encoding="utf-8"),
                     "syscalls.tbl": (ABI / "syscalls.tbl").read_text(encoding="utf-8"),
                     "lock": (ABI / "syscalls.lock").read_text(encoding="utf-8")}
        words = re.findall(r"\w+|[^\w\s]", originals["types.tbl"] + originals["syscalls.tbl"])
        words += ["0x", "0xfffffffffffffffff", "9" * 5000, "010", "((", "}", "{", '"', "##", "\n", "\t", "\n\n", ";",
                  "gap", "retired", "*/", "\\", "é", "\0", "\r\n", "struct", "class", "a0"]
        outcomes = {0: 0, 1: 0}
        for number in range(self.ROUNDS):
            for name, text in originals.items():
                self.put(name, text)
            for _ in range(rng.choice([1, 1, 1, 2, 4])):
                name = rng.choice(["types.tbl", "syscalls.tbl", "syscalls.tbl", "lock"])
                data = mutate(rng, self.get_raw(name), words)
                (self.folder / name).write_bytes(data)
            status, complaints = self.tablegen()
            with self.subTest(round=number):
                self.assertIn(status, (0, 1))
                place = rf"{re.escape(str(self.folder))}/(types\.tbl|syscalls\.tbl|lock):\d+: error: \S"
                self.assertRegex(complaints, rf"\A{place}" if status else r"\A\Z")
            outcomes[status] += 1
        self.assertGreater(min(outcomes.values()), self.ROUNDS // 20, "the mutations are too tame or too wild")

    def get_raw(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


if __name__ == "__main__":
    unittest.main()
