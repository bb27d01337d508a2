"""The kernel's lines on the console: whole, all of them, once each, among what programs write."""

from __future__ import annotations

import re
import tempfile
import unittest
from pathlib import Path
from typing import List

from tests.boot.test_servers import KILLER
from tests.support import boot, terminal

# Writes numbered lines, each with one call.
TALK = r"""
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char line[80];

	for (int i = 0; argc > 2 && i < atoi(argv[2]); i++)
		write(1, line, snprintf(line, sizeof(line), "talk %s says %05d, and no more\n", argv[1], i));
	return 0;
}
"""

# Prints the log in place of the kernel, or rather does not, and causes reports; what it says itself is the log's next line,
# since it has no terminal. Then it ends, or the machine.
LAZY = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include <tabula/handles.h>

int main(int argc, char **argv)
{
	notification_handle lines = notification_create();
	static uint8_t line[LOG_LINE];
	int error = log_print(own_system(), lines, 1);

	for (int i = 0; i < 3; i++) {
		if (fork() == 0)
			*(volatile int *)8 = 1;
		wait(NULL);
	}
	printf("log_print: %d, log_next: %d\n", error, log_next(lines, line, sizeof(line)) > 0);
	fflush(stdout);
	if (!strcmp(argv[argc - 1], "shutdown"))
		system_shutdown(own_system(), 5);
	return 0;
}
"""

# Says something in pieces as a program that has no terminal, last a line that has no end; `all` starts one that does.
QUIET = r"""
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tabula/handles.h>
#include <tabula/spawn.h>

static void *say(void *name)
{
	for (int i = 0; i < 50; i++)
		fprintf(stdout, "quiet: %s says %02d\n", (char *)name, i);
	return NULL;
}

static int talk(void)
{
	pthread_t other;

	for (int i = 0; i < 50; i++)
		fprintf(stderr, "quiet: line %02d\n", i);
	fputs("quiet: \033[1mbold\ttab\n\nquiet: ", stderr);
	for (int i = 0; i < 30; i++)
		fprintf(stderr, "ten bytes ");
	setvbuf(stdout, NULL, _IOLBF, 80);
	pthread_create(&other, NULL, say, "one");
	say("two");
	pthread_join(other, NULL);
	fputs("\nquiet: no end", stderr);
	return 0;
}

int main(int argc, char **argv)
{
	char *child[] = {argv[0], NULL}, *none[] = {NULL};
	struct spawn_handle handles[] = {{STARTUP_CONSOLE, {0}, RIGHTS_SAME}};
	struct process_result result;

	if (argc == 1)
		return talk();
	printf("console_write: %s\n", strerror(-(int)console_write(own_system(), (const uint8_t *)"plain", 5)));
	fflush(stdout);
	return process_wait(spawn_with("/bin/quiet", child, none, RIGHT_SYSTEM_CONSOLE_WRITE, handles, 1),
		       DEADLINE_NEVER, &result) || result.status;
}
"""

TALKERS, TOLD, CRASHES = 2, 2000, 25
SCRIPT = ("{ for t in 1 2; do talk $t %d & done; i=0; while [ $i -lt %d ]; do crash null; i=$((i + 1)); done; wait; }"
          % (TOLD, CRASHES))

STAMP = r"\[ *\d+\.\d{6}\] "
WHAT = re.compile(STAMP + r"process (\d+) \(crash\) ended: load page fault at 0x8")
WHERE = re.compile(STAMP + r"  pc 0x\w+ in null_read\+0x\w+")
SAID = re.compile(r"talk (\d) says (\d{5}), and no more")


def kernel_lines(result: boot.Result) -> List[str]:
    return [line for line in result.errors.splitlines() if "shutdown with status" not in line]


class Lines(unittest.TestCase):
    folder: "tempfile.TemporaryDirectory[str]"
    talk: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory(prefix="tabula-log-")
        cls.talk = boot.program_build(TALK, cls.folder.name, "talk")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def all_told(self, lines: List[str]) -> None:
        """What each has said is there, in its order, and nobody's line is cut."""
        torn = [line for line in lines if not SAID.fullmatch(line) and line != "crash: Segmentation fault"]
        self.assertEqual(torn, [])
        for talker in range(1, TALKERS + 1):
            told = [int(match.group(2)) for match in map(SAID.fullmatch, lines) if match and match.group(1) == str(talker)]
            self.assertEqual(told, list(range(TOLD)))

    def all_reported(self, lines: List[str]) -> None:
        """A report of two lines for each that has died. Two of them may mix, but for those who die one after the other."""
        self.assertEqual([line for line in lines if not WHAT.fullmatch(line) and not WHERE.fullmatch(line)], [])
        died = [match.group(1) for match in map(WHAT.fullmatch, lines) if match]
        self.assertEqual((len(died), len(set(died)), len(lines)), (CRASHES, CRASHES, 2 * CRASHES))

    def marked(self, harts: int) -> None:
        """With marks, for scripts: neither cuts the other's."""
        result = boot.run(SCRIPT, smp=harts, programs=[self.talk])
        self.assertEqual(result.status, 0, result)
        self.all_told(result.output.splitlines())
        self.all_reported(kernel_lines(result))

    def test_marked_of_two(self) -> None:
        self.marked(2)

    def test_marked_of_four(self) -> None:
        self.marked(4)

    def on_the_screen(self, harts: int) -> None:
        """Without: each has rows of its own."""
        with boot.Console(smp=harts, programs=[self.talk]) as console:
            console.expect(console.PROMPT)
            console.send(SCRIPT + "\r")
            console.expect(r"\n")
            lines = console.expect(console.PROMPT).split("\n")[:-1]
        lines = [line for line in lines if line and not re.fullmatch(r"\[\d\] \d+", line)]
        kernel = [line for line in lines if line.startswith("[ ")]
        self.all_told([line for line in lines if not line.startswith("[ ")])
        self.all_reported(kernel)

    def test_on_the_screen_of_two(self) -> None:
        self.on_the_screen(2)

    def test_on_the_screen_of_four(self) -> None:
        self.on_the_screen(4)


class OfPrograms(unittest.TestCase):
    """What init says, and who has no terminal, comes as lines of the log, whole, while programs write."""

    KILLS = 8
    NEW = re.compile(STAMP + r"init: files has ended with status 137; here is a new one")

    def init_says(self, harts: int) -> None:
        with tempfile.TemporaryDirectory(prefix="tabula-log-") as folder:
            programs = [boot.program_build(source, folder, name) for source, name in ((TALK, "talk"), (KILLER, "killer"))]
            result = boot.run(f"for t in 1 2; do talk $t {TOLD} & done; killer files {self.KILLS} > /dev/null; wait",
                              smp=harts, programs=programs)
        self.assertEqual(result.status, 0, result)
        self.assertEqual([line for line in result.output.splitlines() if not SAID.fullmatch(line)], [])
        self.assertEqual(len(result.output.splitlines()), TALKERS * TOLD)
        said = kernel_lines(result)
        self.assertEqual([line for line in said if not self.NEW.fullmatch(line)], [])
        self.assertEqual(len(said), self.KILLS)

    def test_init_of_two(self) -> None:
        self.init_says(2)

    def test_init_of_four(self) -> None:
        self.init_says(4)

    def quiet(self, **machine: object) -> boot.Result:
        with tempfile.TemporaryDirectory(prefix="tabula-log-") as folder:
            result = boot.run("quiet all; echo $?", programs=[boot.program_build(QUIET, folder, "quiet")], **machine)
        self.assertEqual(result.status, 0, result)
        return result

    def test_who_has_no_terminal(self) -> None:
        for harts in (1, 2):
            result = self.quiet(smp=harts)
            self.assertEqual(result.output, "console_write: Device or resource busy\n0\n")
            said = [re.sub("^" + STAMP, "", line) for line in kernel_lines(result)]
            long = "quiet: " + "ten bytes " * 30
            first = [f"quiet: line {i:02}" for i in range(50)] + ["quiet: ?[1mbold?tab", ""]
            self.assertEqual(said[:54], first + [long[:128], long[128:256]])
            by_one, by_two = ([line for line in said if f"{name} says" in line] for name in ("one", "two"))
            told = [f"quiet: {{}} says {i:02}" for i in range(50)]
            self.assertTrue(by_one[0].endswith(told[0].format("one")) and by_two[0].endswith(told[0].format("two")), said)
            self.assertEqual((by_one[1:], by_two[1:]),
                             ([line.format("one") for line in told[1:]], [line.format("two") for line in told[1:]]))
            self.assertEqual(said[-1], "quiet: no end")

    def test_who_has_no_terminal_and_there_is_none(self) -> None:
        result = self.quiet(append="console=kernel")
        self.assertTrue(result.output.startswith("plainconsole_write: "), result)
        self.assertIn("quiet: line 49\nquiet: \033[1mbold\ttab\n\nquiet: ten", result.output)
        self.assertTrue(result.output.endswith("\nquiet: no end0\n"), result)


class LeftOver(unittest.TestCase):
    """What a printer has not printed when it is over with it: the kernel prints that, once, before anything else."""

    folder: "tempfile.TemporaryDirectory[str]"
    lazy: Path

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory(prefix="tabula-log-")
        cls.lazy = boot.program_build(LAZY, cls.folder.name, "lazy")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def left(self, command: str, append: str = "", smp: int = 1) -> boot.Result:
        return boot.run(command, append="console=kernel " + append, programs=[self.lazy], smp=smp)

    def reports(self, result: boot.Result, *behind: str) -> None:
        lines = result.errors.split("\nrun: ")[0].splitlines()
        at = next(i for i, line in enumerate(lines) if "ended: " in line)
        what = re.compile(STAMP + r"process (\d+) \(lazy\) ended: store page fault at 0x8")
        died = [what.fullmatch(line) for line in lines[at::2]]
        self.assertEqual(len({match.group(1) for match in died if match}), 3, lines)
        self.assertEqual(sum("ended: store" in line for line in lines), 3, lines)
        where = [line for line in lines if re.fullmatch(STAMP + r"  pc 0x\w+ in main\+0x\w+", line)]
        self.assertEqual(where, lines[at + 1 : at + 6 : 2])
        for wanted, line in zip(("log_print: 0, log_next: 1", *behind), lines[at + 6 :]):
            self.assertRegex(line, "^" + STAMP + wanted)

    def test_its_end(self) -> None:
        for harts in (1, 2):
            result = self.left("lazy; echo on", smp=harts)
            self.assertEqual((result.status, result.output), (0, "on\n"))
            self.reports(result)

    def test_the_end_of_the_machine(self) -> None:
        result = self.left("lazy shutdown", "report=yes")
        self.assertEqual(result.status, 5)
        self.reports(result, "report: hart 0 stack", "shutdown with status 5")

    def test_a_panic(self) -> None:
        result = self.left("lazy shutdown", "test=shutdown")
        self.assertEqual(result.status, boot.STATUS_PANIC)
        self.reports(result, "panic: asked for by test=shutdown")


class OnTheRow(unittest.TestCase):
    """What stands on the cursor's row when the kernel logs something: it is there again below the lines."""

    # Nobody has to type for it: it waits for a byte on a disk.
    LATER = "(until head -c 1 /dev/disk0 | grep -q x; do sleep 0.05; done; crash null) 2> /dev/null &\r"

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tabula-log-")
        self.addCleanup(folder.cleanup)
        self.disk = Path(folder.name) / "disk.img"
        self.disk.write_bytes(bytes(512))
        self.terminal = terminal.Terminal(more=[f"--disk={self.disk}"])
        self.addCleanup(self.terminal.__exit__)
        self.terminal.wait_prompt()

    def crash_later(self) -> int:
        """Returns the row of the next prompt."""
        before = self.terminal.screen.row
        self.terminal.type(self.LATER)
        self.terminal.wait_prompt(before + 2)
        return self.terminal.screen.row

    def crash_now(self) -> None:
        with open(self.disk, "r+b") as disk:
            disk.write(b"x")

    def displaced(self, row: int, line: str, column: int) -> None:
        """A line that stands on a row is below the report afterwards, with the cursor in its place."""
        screen = self.terminal.screen
        self.terminal.wait(lambda: screen.row == row, f"row {row}")
        self.terminal.wait_row(line, column)
        self.crash_now()
        self.terminal.wait(lambda: screen.row == row + 3, "the report")
        self.terminal.wait_row(line, column)
        self.assertEqual(screen.text(row), line.rstrip())
        self.assertRegex(screen.text(row + 1), "^" + WHAT.pattern + "$")
        self.assertRegex(screen.text(row + 2), "^" + WHERE.pattern + "$")

    def test_the_prompt(self) -> None:
        self.displaced(self.crash_later(), "tabula$ ", 8)
        self.assertEqual(self.terminal.run("echo on")[0], "on")

    def test_a_line_that_is_edited(self) -> None:
        row = self.crash_later()
        self.terminal.type("echo h\u00e9lo\x7f\x1b[D\x1b[Dx\x7f")
        self.displaced(row, "tabula$ echo h\u00e9l", 14)
        self.terminal.type("e\x1b[C\x1b[Clo\r")
        self.terminal.wait_prompt(row + 5)
        self.assertEqual(self.terminal.screen.text(row + 4), "he\u00e9llo")

    def test_a_line_that_is_edited_at_length(self) -> None:
        row = self.crash_later()
        self.terminal.type("echo " + "b" * 60 + "\x1b[D" * 60 + "a")
        self.displaced(row, "tabula$ echo a" + "b" * 60, 14)

    def test_a_line_that_a_program_reads(self) -> None:
        self.crash_later()
        row = self.terminal.screen.row
        self.terminal.type("cat\rone two\x17half\x7f")
        self.displaced(row + 1, "one hal", 7)
        self.terminal.type("ves\r")
        self.terminal.wait(lambda: self.terminal.screen.row == row + 6, "the line again")
        self.assertEqual(self.terminal.screen.text(row + 5), "one halves")

    def test_what_a_program_has_begun(self) -> None:
        row = self.terminal.screen.row
        self.terminal.type("(printf 'this takes long, '; crash null; echo but not for ever) 2> /dev/null\r")
        self.terminal.wait_prompt(row + 2)
        shown = [self.terminal.screen.text(at) for at in range(row + 1, self.terminal.screen.row)]
        self.assertEqual((shown[0], shown[3:]), ("this takes long,", ["this takes long, but not for ever"]))
        self.assertTrue(WHAT.fullmatch(shown[1]) and WHERE.fullmatch(shown[2]), shown)

    def test_a_row_that_is_too_long(self) -> None:
        """It goes on below the lines."""
        row = self.crash_later()
        self.terminal.type("cat\r" + "x" * 300)
        self.terminal.wait(lambda: self.terminal.screen.row == row + 4 and self.terminal.screen.column == 60, "the row")
        self.crash_now()
        self.terminal.wait(lambda: self.terminal.screen.row == row + 7, "the report")
        self.assertRegex(self.terminal.screen.text(row + 5), "^" + WHAT.pattern + "$")
        self.terminal.type("y\r")
        self.terminal.wait(lambda: self.terminal.screen.row == row + 12, "the line again")
        self.assertEqual(self.terminal.screen.text(row + 7), "y")

    def test_a_program_that_has_the_screen(self) -> None:
        self.crash_later()
        self.terminal.type("top\r")
        screen = self.terminal.screen
        self.terminal.wait(lambda: "top" in screen.text(screen.row - 1), "the list")
        self.crash_now()
        self.terminal.wait(lambda: any("(crash) ended" in screen.text(row) for row in range(len(screen.lines))), "the report")
        self.terminal.type("q")
        self.terminal.wait(lambda: screen.row_text() == "tabula$ ", "the prompt")
        self.assertEqual(self.terminal.run("echo on"), ["on"])


class Killed(unittest.TestCase):
    """The server that prints the lines is ended, again and again, while there are some."""

    KILLS, CRASHES = 12, 60
    TIMES = "i=0; while [ $i -lt {} ]; do {}; i=$((i + 1)); done"

    def reported(self, lines: List[str], shown: List[str]) -> None:
        """All of these lines are among those that are shown. Of two that are the same one was in hand at an end."""
        self.assertEqual(len(lines), 2 * self.CRASHES)
        self.assertEqual([line for line in lines if line not in shown], [], "not printed, or not whole")
        again = sum(shown.count(line) - 1 for line in lines)
        self.assertLessEqual(again, self.KILLS)

    def marked(self, harts: int) -> None:
        with tempfile.TemporaryDirectory(prefix="tabula-log-") as folder:
            killer = boot.program_build(KILLER, folder, "killer")
            result = boot.run(self.TIMES.format(self.CRASHES, "crash null") + " 2> /dev/null & "
                              + self.TIMES.format(self.KILLS, "killer console") + "; wait; dmesg > /tmp/log; cat /tmp/log",
                              smp=harts, programs=[killer])
        self.assertEqual(result.status, 0, result)
        kept = [line for line in result.output.split("\n") if WHAT.fullmatch(line) or WHERE.fullmatch(line)]
        self.reported(kept, result.errors.split("\n"))

    def test_marked_of_two(self) -> None:
        self.marked(2)

    def test_marked_of_four(self) -> None:
        self.marked(4)

    def killed(self, harts: int) -> None:
        with tempfile.TemporaryDirectory(prefix="tabula-log-") as folder:
            killer = boot.program_build(KILLER, folder, "killer")
            with boot.Console(smp=harts, programs=[killer]) as console:
                console.expect(console.PROMPT)
                console.send(self.TIMES.format(self.CRASHES, "crash null") + " 2> /dev/null &\r")
                console.expect(console.PROMPT)
                console.send(self.TIMES.format(self.KILLS, "killer console") + "; wait; echo over\r")
                console.expect(r"^over\n")
                console.expect(console.PROMPT)
                shown = console.text.split("\n")
                kept = console.command("dmesg").split("\n")
        reports = [line for line in kept if WHAT.fullmatch(line) or WHERE.fullmatch(line)]
        self.reported(reports, shown)

    def test_of_two(self) -> None:
        self.killed(2)

    def test_of_four(self) -> None:
        self.killed(4)


if __name__ == "__main__":
    unittest.main()
