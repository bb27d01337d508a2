"""Servers that end: init starts them again, and the shell goes on."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from tests.support import boot

# Ends the program of a name, once or again and again; prints its number.
KILLER = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

int main(int argc, char **argv)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};
	struct program_info info = {0};
	int times = argc > 2 ? atoi(argv[2]) : 1;
	long pid = 0;

	while (times-- > 0) {
		for (pid = 0; (pid = program_next(programs, pid, &info)) == 0; pid = info.pid)
			if (strcmp((char *)info.name, argv[1]) == 0)
				break;
		if (pid < 0) {
			printf("no %s: %ld\n", argv[1], pid);
			return 1;
		}
		pid = info.pid;
		if (program_signal(programs, pid, SIGKILL, DEADLINE_NEVER) != 0)
			printf("can't end %ld\n", pid);
		while (program_next(programs, pid - 1, &info) == 0 && info.pid == pid)
			thread_yield();
	}
	printf("ended %s\n", argv[1]);
	return 0;
}
"""


class Restarts(unittest.TestCase):
    folder: "tempfile.TemporaryDirectory[str]"
    killer: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory(prefix="tabula-servers-")
        cls.killer = boot.program_build(KILLER, cls.folder.name, "killer")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def test_console(self) -> None:
        with boot.Console(programs=[self.killer]) as console:
            console.expect(console.PROMPT)
            for _ in range(3):
                console.send("killer console\r")
                console.expect(r"^init: console has ended with status 137; here is a new one\n")
                console.expect(r"ended console\n")
                console.expect(console.PROMPT)
                self.assertEqual(console.command("echo on we go"), "on we go")

    def test_console_of_a_command(self) -> None:
        result = boot.run("echo before; killer console; echo after", programs=[self.killer])
        self.assertEqual((result.status, result.output.replace("init: console has ended with status 137; here is a new "
                                                               "one\n", "")),
                         (0, "before\nended console\nafter\n"))


class Hostile(unittest.TestCase):
    """The suite of that name, which in the other tests has a console that can't be read."""

    def test_terminal(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            console.send("test-hostile\r")
            self.assertIn("pass:4 fail:0", console.expect(r"^# Totals: .*\n"))
            console.expect(console.PROMPT)
            self.assertEqual(console.command("echo alive"), "alive")
            console.send("cat\rab\x7fc\r")
            console.expect(r"^ac\n")
            console.send("\x03")
            console.expect(console.PROMPT)


if __name__ == "__main__":
    unittest.main()
