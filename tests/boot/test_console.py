"""The console server: what is typed arrives, whole and in order, in lines or as it is."""

from __future__ import annotations

import random
import tempfile
import threading
import unittest
from pathlib import Path

from tests.support import boot

# Reads so many bytes as they are typed, or without an argument lines to the end; prints how many, and their hash. With
# 0 it asks the kernel instead.
READER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <tabula/handles.h>
#include <tabula/protocol/file.h>
#include <tabula/protocol/terminal.h>

int main(int argc, char **argv)
{
	endpoint_handle terminal = {startup_handle(STARTUP_CONSOLE).value};
	long most = argc > 1 ? atol(argv[1]) : -1, count = 0, n = 1;
	unsigned long hash = 0xcbf29ce484222325;
	static unsigned char bytes[4096];

	if (most == 0) {
		n = console_read(own_system(), bytes, 1, 0);
		printf("console_read: %ld\n", n);
		return 0;
	}
	if (most > 0)
		terminal_set_mode(terminal, 0);
	printf("ready\n");
	fflush(stdout);
	while (count != most && n > 0) {
		n = file_read(terminal, bytes, sizeof bytes, DEADLINE_NEVER);
		for (long i = 0; i < n; i++)
			hash = (hash ^ bytes[i]) * 0x100000001b3;
		count += n;
	}
	terminal_set_mode(terminal, TERMINAL_MODE_LINES | TERMINAL_MODE_ECHO | TERMINAL_MODE_SIGNALS);
	printf("read %ld %lx\n", count, hash);
	return n < 0;
}
"""


def fnv(data: bytes) -> int:
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


class Typing(unittest.TestCase):
    folder: "tempfile.TemporaryDirectory[str]"
    reader: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory(prefix="tabula-console-")
        cls.reader = boot.program_build(READER, cls.folder.name, "reader")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def feed(self, console: boot.Console, command: str, typed: bytes, expected: bytes) -> None:
        """Everything at once, as fast as the machine takes it."""
        def write() -> None:
            assert console.process.stdin
            console.process.stdin.write(typed)
            console.process.stdin.flush()

        console.send(command + "\r")
        console.expect(r"^ready\n")
        writer = threading.Thread(target=write)
        writer.start()
        result = console.expect(r"^read -?\d+ \w+\n", timeout=240).split("\n")[-2]
        writer.join()
        self.assertEqual(result, f"read {len(expected)} {fnv(expected):x}")
        console.expect(console.PROMPT)

    def test_a_megabyte_of_any_bytes(self) -> None:
        data = random.Random(1).randbytes(1 << 20)
        with boot.Console(programs=[self.reader], more=["--plain"]) as console:
            console.expect(console.PROMPT)
            self.feed(console, f"reader {len(data)}", data, data)

    def test_pasted_lines(self) -> None:
        """Each is echoed; a line longer than the longest is handed over in pieces, and nothing is lost."""
        source = random.Random(2)
        lines = [bytes(source.choices(b"abcdefgh ", k=source.randrange(90))) for _ in range(1500)]
        lines.insert(700, b"x" * 10000)
        data = b"".join(line + b"\n" for line in lines)
        with boot.Console(programs=[self.reader]) as console:
            console.expect(console.PROMPT)
            self.feed(console, "reader", data.replace(b"\n", b"\r") + b"\x04", data)

    def test_keys(self) -> None:
        typed = b"one\x7f\x7fr two\x17three\x15four\rfi\x04ve\r\x04"
        with boot.Console(programs=[self.reader]) as console:
            console.expect(console.PROMPT)
            self.feed(console, "reader", typed, b"four\nfive\n")

    def test_end_of_input_and_interrupt(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            console.send("cat\rabc\r")
            console.expect(r"^abc\n.*^abc\n")
            console.send("\x04")
            console.expect(console.PROMPT)
            console.send("cat\rabc\r")
            console.expect(r"^abc\n.*^abc\n")  # by now cat is there to be interrupted
            console.send("def")
            console.expect("def")
            console.send("\x03")
            console.expect(r"\^C\n")
            console.expect(console.PROMPT)
            self.assertEqual(console.command("echo $?"), "130")


    def test_interrupt_of_what_does_not_read(self) -> None:
        with tempfile.TemporaryDirectory(prefix="tabula-console-") as folder:
            source = "#include <stdio.h>\nint main(void) { puts(\"busy\"); fflush(stdout); for (;;) ; }\n"
            busy = boot.program_build(source, folder, "busy")
            with boot.Console(programs=[busy]) as console:
                console.expect(console.PROMPT)
                for _ in range(3):
                    console.send("busy\r")
                    console.expect(r"^busy\n")
                    console.send("\x03")
                    console.expect(r"\^C\n")
                    console.expect(console.PROMPT)
                    self.assertEqual(console.command("echo $?"), "130")

    def test_the_kernel_does_not_read(self) -> None:
        """While a driver has the console's registers, EBUSY is what there is to read without it."""
        with boot.Console(programs=[self.reader]) as console:
            console.expect(console.PROMPT)
            self.assertEqual(console.command("reader 0"), "console_read: -16")


if __name__ == "__main__":
    unittest.main()
