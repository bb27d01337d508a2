"""The console on a real terminal: what is on the screen while somebody edits a line, and what is pasted."""

from __future__ import annotations

import random
import re
import tempfile
import time
import unittest

from tests.boot.test_console import fnv
from tests.support import boot, record, terminal

LEFT, RIGHT, UP, DOWN = "\x1b[D", "\x1b[C", "\x1b[A", "\x1b[B"
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"

# Prints how many bytes a file has, and their hash.
HASH = r"""
#include <stdio.h>

int main(int argc, char **argv)
{
	FILE *file = fopen(argv[argc - 1], "r");
	unsigned long hash = 0xcbf29ce484222325, count = 0;
	int c;

	while ((c = getc(file)) != EOF) {
		hash = (hash ^ (unsigned)c) * 0x100000001b3;
		count++;
	}
	printf("%lu %lx\n", count, hash);
	return 0;
}
"""


class Editing(unittest.TestCase):
    """Keys, and the line and the cursor that they leave on the screen."""

    terminal: terminal.Terminal

    @classmethod
    def setUpClass(cls) -> None:
        cls.terminal = terminal.Terminal()
        cls.terminal.wait_prompt()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.terminal.__exit__()

    def tearDown(self) -> None:
        before = self.terminal.screen.row
        self.terminal.type("\x03")
        self.terminal.wait_prompt(before + 1)

    def see(self, keys: str, line: str, cursor: int) -> None:
        """The line behind the prompt, and how far from its start the cursor is."""
        with self.subTest(keys):
            self.terminal.type(keys)
            self.terminal.wait_row("tabula$ " + line, 8 + cursor)

    def test_moving(self) -> None:
        self.see("echo hello wrld", "echo hello wrld", 15)
        self.see(LEFT * 3, "echo hello wrld", 12)
        self.see("o", "echo hello world", 13)
        self.see(HOME, "echo hello world", 0)
        self.see(RIGHT * 4, "echo hello world", 4)
        self.see("\x05", "echo hello world", 16)
        self.see("\x02\x02", "echo hello world", 14)
        self.see("\x06", "echo hello world", 15)
        self.see("\x01\x01", "echo hello world", 0)  # the emulator keeps one of two
        self.see(LEFT + END + RIGHT, "echo hello world", 16)
        self.assertEqual(self.terminal.run(""), ["hello world"])

    def test_erasing(self) -> None:
        self.see("echo one two three", "echo one two three", 18)
        self.see("\x7f\x7f", "echo one two thr", 16)
        self.see("\x17", "echo one two ", 13)
        self.see("\x17", "echo one ", 9)
        self.see(LEFT * 4 + DELETE, "echo ne ", 5)
        self.see("\x0b", "echo ", 5)
        self.see("a b" + LEFT + "\x08", "echo ab", 6)
        self.see("\x15", "b", 0)
        self.see("\x04", "", 0)
        self.see("\x7f\x08\x17\x15\x0b" + DELETE, "", 0)

    def test_history(self) -> None:
        self.terminal.run("echo first")
        self.terminal.run("echo second")
        self.see("new" + UP, "echo second", 11)
        self.see(UP, "echo first", 10)
        self.see(DOWN + DOWN, "new", 3)
        self.see(DOWN, "new", 3)
        self.see("\x10\x10", "echo first", 10)
        self.see(LEFT * 5 + "the ", "echo the first", 9)
        self.assertEqual(self.terminal.run(""), ["the first"])
        self.see(UP, "echo the first", 14)

    def shows(self, keys: str, row: str) -> None:
        with self.subTest(keys):
            self.terminal.type(keys)
            self.terminal.wait(lambda: self.terminal.screen.row_text().rstrip() == row, row)

    def test_search(self) -> None:
        """Ctrl-R looks back for what is typed behind it."""
        for command in ("echo alpha", "echo beta", "true alpha", "true"):
            self.terminal.run(command)
        self.shows("new\x12", "search '':")
        self.shows("alp", "search 'alp': true alpha")
        self.shows("\x12", "search 'alp': echo alpha")
        self.shows("\x12", "no more 'alp': echo alpha")
        self.shows("\x7f\x7f\x7f", "search '': true")
        self.shows("o b", "search 'o b': echo beta")
        self.see(LEFT, "echo beta", 8)  # any other key takes the line as it is
        self.see("\x12zz\x07", "echo beta", 8)  # Ctrl-G gives up
        self.see("\x15\x0b\x12bet" + END, "echo beta", 9)
        self.assertEqual(self.terminal.run(""), ["beta"])
        self.terminal.type("\x12alph")
        self.terminal.wait(lambda: self.terminal.screen.row_text().endswith("true alpha"), "the search")
        self.assertEqual(self.terminal.run(""), [])  # Return runs it

    def test_completion(self) -> None:
        self.terminal.run("mkdir -p /tmp/complete/one; cd /tmp/complete; echo > two_a; echo > two_b; echo > 'a b'")
        self.see("cat /et\t", "cat /etc/", 9)
        self.see("mo\t", "cat /etc/motd ", 14)
        self.see("\x15unan\t", "unan", 4)
        self.see("\x15upt\t", "uptime ", 7)
        self.see("\x15cd on\t", "cd one/", 7)
        self.see("\x15cat a\t", "cat a\\ b ", 9)
        self.see("\x15cat a\\ \t", "cat a\\ b ", 9)
        self.see("\x15cat ~/tmp/complete/tw\t", "cat ~/tmp/complete/two_", 23)
        self.see("\x15cat tw\t", "cat two_", 8)
        before = self.terminal.screen.row
        self.terminal.type("\t")
        self.terminal.wait(lambda: self.terminal.screen.row == before + 2, "the names")
        self.assertEqual(self.terminal.screen.text(before + 1), "two_a  two_b")
        self.see("b", "cat two_b", 9)
        self.terminal.type("\x15")
        self.terminal.run("cd /")

    def test_characters_of_several_bytes(self) -> None:
        self.see("echo \u00e9\u6f22x", "echo \u00e9\u6f22x", 8)
        self.see(LEFT + LEFT, "echo \u00e9\u6f22x", 6)
        self.see(DELETE, "echo \u00e9x", 6)
        self.see("\x08", "echo x", 5)

    def test_a_line_longer_than_the_screen(self) -> None:
        """The part around the cursor shows, on one row."""
        words = "".join(f"{i:03}." for i in range(60))
        before = self.terminal.screen.row
        self.terminal.type("echo " + words)
        self.terminal.wait(lambda: self.terminal.screen.row_text().endswith(words[-30:]), "the end of a long line")
        self.see(HOME, ("echo " + words)[:71], 0)
        self.terminal.type(END)
        self.terminal.wait(lambda: self.terminal.screen.row_text().endswith(words[-30:]), "the end of a long line")
        self.assertEqual(self.terminal.screen.row, before)
        lines = self.terminal.run("")
        self.assertEqual("".join(lines), words)

    def test_clearing_the_screen(self) -> None:
        self.see("echo a" + LEFT, "echo a", 5)
        self.terminal.type("\x0c")
        self.terminal.wait(lambda: self.terminal.screen.row == 0, "the first row")
        self.see("", "echo a", 5)


class Jobs(unittest.TestCase):
    """Ctrl-Z, and what jobs, fg, bg and kill make of it."""

    STOP, INTERRUPT = "\x1a", "\x03"

    def setUp(self) -> None:
        self.terminal = terminal.Terminal()
        self.addCleanup(self.terminal.__exit__)
        self.terminal.wait_prompt()

    def start(self, command: str, shows: str) -> None:
        """Types a command, and waits until it has printed that: so it runs, and has the terminal."""
        self.terminal.type(command + "\r")
        self.shows(shows)

    def shows(self, text: str) -> None:
        screen = self.terminal.screen
        self.terminal.wait(lambda: text in [screen.text(row) for row in range(max(0, screen.row - 3), screen.row + 1)], text)

    def becomes(self, *jobs: str) -> None:
        """Asks for the jobs until they are these; what the shell says before a prompt does not matter."""
        deadline = time.monotonic() + boot.LIMIT
        lines = self.terminal.run("jobs")
        while lines[: len(jobs)] != list(jobs) and time.monotonic() < deadline:
            lines = self.terminal.run("jobs")
        self.assertEqual(lines, list(jobs))

    def twice(self, line: str) -> None:
        """Waits for what was typed and comes back."""
        screen = self.terminal.screen
        self.terminal.wait(lambda: [screen.text(screen.row - 2), screen.text(screen.row - 1)] == [line, line], f"{line} twice")

    def key(self, key: str, *lines: str) -> None:
        """A key that ends in the prompt, and what stands above that."""
        before = self.terminal.screen.row
        self.terminal.type(key)
        self.terminal.wait_prompt(before + 1)
        self.assertEqual(tuple(self.terminal.screen.text(self.terminal.screen.row - len(lines) + i)
                               for i in range(len(lines))), lines)

    def test_stop_and_go_on(self) -> None:
        run = self.terminal.run
        self.start("sh -c 'echo begun; sleep 1000; echo over'", "begun")
        self.key(self.STOP, "^Z", "[1]  Stopped   sh -c 'echo begun; sleep 1000; echo over'")
        self.assertEqual(run("echo $?; jobs"), ["146", "[1]  Stopped   sh -c 'echo begun; sleep 1000; echo over'"])
        rows = [line for line in run("ps") if line.split()[6] in ("sh", "sleep")]
        states = [row.split()[-1] for row in rows]
        self.assertEqual(states[:2], ["process", "stopped"], rows)
        self.assertLessEqual(set(states[2:]), {"stopped", "starts"}, rows)  # sleep may have yet to be started
        self.assertEqual(run("bg"), ["[1] sh -c 'echo begun; sleep 1000; echo over'"])
        self.assertEqual(run("jobs"), ["[1]  Running   sh -c 'echo begun; sleep 1000; echo over'"])
        run("kill -STOP %1")
        self.becomes("[1]  Stopped   sh -c 'echo begun; sleep 1000; echo over'")
        self.start("fg", "sh -c 'echo begun; sleep 1000; echo over'")
        self.key(self.INTERRUPT, "^C")
        self.assertEqual(run("echo $?; jobs"), ["130"])

    def test_what_reads(self) -> None:
        """One that has stopped takes nothing that is typed, and what was in its way is still there afterwards."""
        run = self.terminal.run
        self.terminal.type("cat\rone\r")
        self.twice("one")
        self.terminal.type("half")
        self.key(self.STOP, "half^Z", "[1]  Stopped   cat")
        self.assertEqual(run("echo two"), ["two"])
        self.start("fg", "cat")
        self.terminal.type("three\r")
        self.twice("three")
        self.terminal.type("\x04")
        self.terminal.wait_prompt()
        self.assertEqual(run("jobs"), [])

    def test_in_the_background(self) -> None:
        run = self.terminal.run
        self.assertRegex(run("cat &")[0], r"^\[1\] \d+$")
        self.becomes("[1]  Stopped   cat")
        run("sleep 1000 | cat &")
        self.assertEqual(run("until ps | grep -q 'sleep *sleeps' && ps | grep -q 'cat *reply from files'; do :; done; jobs"),
                         ["[1]  Stopped   cat", "[2]  Running   sleep 1000 | cat"])
        self.start("sh -c 'echo begun; sleep 1000'", "begun")
        self.key(self.INTERRUPT, "^C")
        self.assertEqual(run("jobs"), ["[1]  Stopped   cat", "[2]  Running   sleep 1000 | cat"])
        self.assertEqual(run("kill %2 %1; until test `ps | grep -c ' ended$'` = 3; do :; done; jobs > /dev/null; jobs"),
                         ["cat: Terminated", "sleep: Terminated", "cat: Terminated"])
        self.assertEqual(run("kill %7; echo $?"),
                         ["sh: kill: %7: there is no such job; 'jobs' shows those there are", "1"])
        self.assertEqual(run("fg %7; bg; echo $?"), ["sh: fg: %7: there is no such job; 'jobs' shows those there are",
                                                    "sh: bg: there is no job", "1"])

    def test_a_shell_in_the_shell(self) -> None:
        self.terminal.type("sh\r")
        self.terminal.wait_prompt(self.terminal.screen.row + 1)
        self.start("sh -c 'echo begun; sleep 1000'", "begun")
        self.key(self.STOP, "^Z", "[1]  Stopped   sh -c 'echo begun; sleep 1000'")
        self.terminal.run("kill %1")
        self.terminal.run("exit 3")
        self.assertEqual(self.terminal.run("echo $?; jobs"), ["3"])

    def test_interrupt_of_what_waits_for_a_fifo(self) -> None:
        run = self.terminal.run
        run("mkfifo /tmp/f")
        for command in ("cat /tmp/f", "cat < /tmp/f", "cat < '/tmp/f'", "echo a > /tmp/f", "while read x; do :; done < /tmp/f",
                        "true | cat < /tmp/f", "(echo a) > /tmp/f"):
            with self.subTest(command):
                self.start("echo go; " + command, "go")
                self.terminal.type(self.INTERRUPT)
                self.terminal.wait_prompt(self.terminal.screen.row + 1)
                self.assertEqual(run("echo $?"), ["130"])

    def test_what_waits_for_a_fifo_is_stopped(self) -> None:
        run = self.terminal.run
        run("mkfifo /tmp/f")
        self.start("echo go; cat < /tmp/f", "go")
        at_prompt = False
        while not at_prompt:  # a key that comes before the program has the terminal does nothing
            self.terminal.type(self.STOP)
            try:
                self.terminal.wait(lambda: self.terminal.screen.row_text() == "tabula$ ", limit=1)
                at_prompt = True
            except AssertionError:
                pass
        self.assertEqual(run("jobs"), ["[1]  Stopped   cat < /tmp/f"])
        run("bg")
        self.assertEqual(run("echo through > /tmp/f; wait"), ["through"])

    def test_nothing_stops_the_shell(self) -> None:
        self.assertEqual(self.terminal.run("kill -STOP $$; kill -TSTP $$; echo on"), ["on"])
        self.start("echo begun; while :; do :; done", "begun")
        self.terminal.type(self.STOP)
        self.key(self.INTERRUPT, "^C")


class Pasting(unittest.TestCase):
    takes_long = True

    def test_commands(self) -> None:
        """Each is run, in order, whatever has been typed ahead: to a file, since the echo of that mixes with what they print."""
        with terminal.Terminal() as machine:
            machine.wait_prompt()
            machine.type("".join(f"echo number {i} >> all\r" for i in range(300)) + "cat all; echo the end\r")
            screen = machine.screen
            machine.wait(lambda: "the end" in [screen.text(row) for row in range(max(0, screen.row - 3), screen.row)], "the end")
            shown = [screen.text(row) for row in range(screen.row)]
            self.assertEqual([line for line in shown if re.fullmatch(r"number \d+", line)], [f"number {i}" for i in range(300)])

    def test_a_megabyte_of_lines(self) -> None:
        source = random.Random(3)
        lines = []
        while sum(map(len, lines)) < 1 << 20:
            lines.append("".join(source.choices("abcdefghijklmnop ", k=source.randrange(100))) + "\n")
        text = "".join(lines)
        with tempfile.TemporaryDirectory(prefix="tabula-terminal-") as folder:
            program = boot.program_build(HASH, folder, "fnv")
            with terminal.Terminal(programs=[program]) as machine:
                machine.wait_prompt()
                machine.type("cat > /tmp/pasted\r")
                began = time.monotonic()
                machine.type(text.replace("\n", "\r"))
                machine.type("\x04")
                machine.wait_prompt(machine.screen.row)
                record.note("Pasting", f"figure: {len(text)} bytes of lines were pasted in {time.monotonic() - began:.1f} s")
                result = machine.run("fnv /tmp/pasted")
        self.assertEqual(result, [f"{len(text)} {fnv(text.encode()):x}"])


if __name__ == "__main__":
    unittest.main()
