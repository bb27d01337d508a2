"""What a program finds that asks the terminal for bytes instead of lines, or waits for it with poll."""

import tempfile
import unittest

from tests.support import boot, terminal

# Each step says that it waits, and then what it got: the test types in between.
PROGRAM = r"""
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios attributes;

static void set(int when, int canonical, int minimum, int tenths)
{
	attributes.c_lflag &= ~(ICANON | ECHO);
	attributes.c_lflag |= canonical ? ICANON | ECHO : 0;
	attributes.c_cc[VMIN] = minimum;
	attributes.c_cc[VTIME] = tenths;
	if (tcsetattr(0, when, &attributes) != 0)
		perror("tcsetattr");
}

static void step(const char *name, size_t size)
{
	char bytes[16];
	printf("%s\n", name);
	ssize_t count = read(0, bytes, size);
	printf("%s:", name);
	for (ssize_t i = 0; i < count; i++)
		printf(" %d", bytes[i]);
	printf(count < 0 ? " %s\n" : " that is all\n", strerror(errno));
}

static void look(int timeout)
{
	struct pollfd at = {0, POLLIN, 0};
	int found = poll(&at, 1, timeout);
	printf("poll: %d %d\n", found, at.revents);
}

int main(void)
{
	struct winsize size = {1, 1, 1, 1};
	int pipe_ends[2];

	tcgetattr(0, &attributes);
	printf("lines %d echo %d signals %d\n", !!(attributes.c_lflag & ICANON), !!(attributes.c_lflag & ECHO),
		!!(attributes.c_lflag & ISIG));
	look(0);
	puts("waits for a line");
	look(-1); /* a line is entered: not before that is there anything to read */
	step("line", 16);
	set(TCSANOW, 0, 0, 0);
	step("none", 16);
	set(TCSANOW, 0, 0, 2);
	step("none for a while", 16);
	set(TCSANOW, 0, 1, 0);
	puts("waits for a byte");
	look(-1);
	step("byte", 16);
	set(TCSANOW, 0, 3, 0);
	step("three", 16);
	step("two", 2);
	set(TCSANOW, 0, 16, 2);
	step("until a pause", 16);
	puts("before");
	look(-1);
	set(TCSAFLUSH, 0, 1, 0);
	step("after", 16);
	cfmakeraw(&attributes);
	tcsetattr(0, TCSADRAIN, &attributes);
	step("raw", 1);
	step("raw interrupt", 1);
	attributes.c_iflag |= ICRNL;
	set(TCSANOW, 0, 1, 0);
	step("newline", 1);
	attributes.c_lflag |= ISIG;
	set(TCSADRAIN, 1, 1, 0);
	printf("size %d: %d %d\n", ioctl(0, TIOCGWINSZ, &size), size.ws_row, size.ws_col);
	size.ws_row = 24;
	size.ws_col = 80;
	ioctl(0, TIOCSWINSZ, &size);
	size.ws_row = 0;
	printf("size %d: %d %d\n", ioctl(0, TIOCGWINSZ, &size), size.ws_row, size.ws_col);
	pipe(pipe_ends);
	errno = 0;
	printf("pipe: %d", tcgetattr(pipe_ends[0], &attributes));
	printf(" %d\n", errno == ENOTTY);
	return 0;
}
"""


# Reads bytes one by one, each read with so little time that many give up while the console answers, until 'z' comes.
HASTY = r"""
#include <stdio.h>
#include <tabula/console.h>
#include <tabula/handles.h>
#include <tabula/protocol/file.h>

enum { LONGEST = 60000, STEP = 250 }; /* nanoseconds */

int main(void)
{
	endpoint_handle terminal = {startup_handle(STARTUP_CONSOLE).value};
	unsigned long count = 0, sum = 0, gave_up = 0;
	unsigned char byte = 0;

	console_raw();
	puts("ready");
	fflush(stdout);
	for (unsigned i = 0; byte != 'z'; i++) {
		long result = file_read(terminal, &byte, 1, (uint64_t)clock_now() + i * STEP % LONGEST);
		if (result == 1) {
			count++;
			sum = sum * 31 + byte;
		} else {
			gave_up++;
		}
	}
	printf("%lu bytes, %lx\n", count, sum);
	console_lines();
	return gave_up == 0;
}
"""


class Termios(unittest.TestCase):
    def expect(self, keys: str, *lines: str) -> None:
        """Types, and waits for these lines, the last at the end of the screen."""
        screen = self.terminal.screen
        self.terminal.type(keys)
        self.terminal.wait(lambda: screen.column == 0 and tuple(
            screen.text(screen.row - len(lines) + i) for i in range(len(lines))) == lines, repr(lines))

    def test_steps(self) -> None:
        with tempfile.TemporaryDirectory(prefix="tabula-termios-") as folder:
            program = boot.program_build(PROGRAM, folder, "keys")
            with terminal.Terminal(programs=[program]) as self.terminal:
                self.terminal.wait_prompt()
                self.expect("keys\r", "lines 1 echo 1 signals 1", "poll: 0 0", "waits for a line")
                self.terminal.type("ab\x7f")
                self.expect("c\r", "ac", "poll: 1 1", "line", "line: 97 99 10 that is all", "none",
                            "none: that is all", "none for a while", "none for a while: that is all", "waits for a byte")
                self.expect("x", "poll: 1 1", "byte", "byte: 120 that is all", "three")
                self.terminal.type("a")
                self.terminal.type("b")
                self.expect("\r", "three: 97 98 10 that is all", "two")  # Enter is a newline still
                self.expect("\x04\x7f", "two: 4 127 that is all", "until a pause")
                self.expect("p", "until a pause: 112 that is all", "before")
                self.expect("l", "before", "poll: 1 1", "after")
                self.expect("k", "after: 107 that is all", "raw")
                self.expect("\r", "raw: 13 that is all", "raw interrupt")
                self.expect("\x03", "raw interrupt: 3 that is all", "newline")
                before = self.terminal.screen.row
                self.terminal.type("\r")
                self.terminal.wait_prompt(before + 4)
                screen = self.terminal.screen
                self.assertEqual([screen.text(screen.row - 4 + i) for i in range(4)],
                                 ["newline: 10 that is all", "size 0: 0 0", "size 0: 24 80", "pipe: -1 1"])
                self.assertEqual(self.terminal.run("echo as before"), ["as before"])

    def test_stty(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            usual = "speed 38400 baud;"
            for line, shown in (
                    ("stty", usual),
                    ("stty -echo; stty; stty echo; stty", f"{usual}\n-echo\n{usual}"),
                    ("x=$(stty -g); stty raw; stty; stty $x; stty",
                     f"{usual}\n-icrnl -isig -icanon -iexten -echo -echoe -echok\n{usual}"),
                    ("stty rows 30 cols 100; stty size; stty -a | head -n 1", f"30 100\n{usual} rows 30; columns 100;"),
                    ("stty -icanon -isig; stty; stty sane; stty; echo $?",
                     f"{usual}\n-isig -icanon -iexten -echoe -echok\n{usual}\n0"),
                    ("stty -opost 2> /tmp/e; echo $?; cut -c 1-29 /tmp/e", "1\nstty: the console can't do al"),
                    ("stty none", "stty: none: no setting; --help lists them"),
                    ("stty < /etc/motd; echo $?", "stty: standard input: Not a character device\n1")):
                self.assertEqual(console.command(line), shown, line)
            console.send("stty -icanon -echo; head -c 1; stty sane; echo .\r")
            console.expect("echo .\n")
            console.send("k")
            console.expect("k.\n")

    def test_readers_that_give_up(self) -> None:
        """What is typed stays until a reader has it, however late that one gives up."""
        keys = "abcdefghijklmnopqrstuvwxy" * 200 + "z"
        total = 0
        for key in keys:
            total = (total * 31 + ord(key)) % (1 << 64)
        with tempfile.TemporaryDirectory(prefix="tabula-hasty-") as folder:
            program = boot.program_build(HASTY, folder, "hasty")
            with terminal.Terminal(programs=[program]) as self.terminal:
                self.terminal.wait_prompt()
                self.expect("hasty; echo $?\r", "ready")
                before = self.terminal.screen.row
                self.terminal.type(keys)
                self.terminal.wait_prompt(before + 2)
                screen = self.terminal.screen
                self.assertEqual([screen.text(screen.row - 2), screen.text(screen.row - 1)],
                                 [f"{len(keys)} bytes, {total:x}", "0"])


if __name__ == "__main__":
    unittest.main()
