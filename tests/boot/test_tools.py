"""The tools as they run in the system; what they do in detail is tried on the development machine."""

import re
import tempfile
import unittest
from typing import Dict, List

from tests.support import boot

MOTD = (boot.ROOT / "user/etc/motd").read_text()


class Tools(unittest.TestCase):
    def expect(self, command: str, output: str, status: int = 0) -> None:
        result = boot.run(command)
        self.assertEqual((result.output, result.status), (output, status), str(result))

    def test_reading_files(self) -> None:
        first = MOTD.splitlines(keepends=True)[0]
        self.expect("cd /etc; head -n 1 motd; tail -c +1 motd; wc -c motd; grep -c Tabula motd; grep -n '^T[a-b]*ula' motd; "
                    "sort motd motd; hexdump -n 4 motd; grep nothing motd",
                    first + MOTD + f"{len(MOTD)} motd\n1\n1:{first}" + MOTD * 2 +
                    "00000000  54 61 62 75                                       |Tabu|\n00000004\n", 1)

    def test_files_that_can_not_be_read(self) -> None:
        for tool, status in (("grep a", 2), ("grep -q a", 2), ("sort", 2), ("head", 1), ("uniq <", 1), ("tail", 1),
                             ("cut -c 1", 1)):
            result = boot.run(f"{tool} /etc 2>&1")
            self.assertRegex(result.output, "(?m)^[a-z]*: .*: Is a directory$", tool)
            self.assertEqual(result.status, status, tool)

    def test_no_room(self) -> None:
        """Where files have all the room there is, each tool says so, what was there stays, and there is room again after rm."""
        says = "No space left on device"
        with boot.Console(mem="64M") as console:
            console.expect(console.PROMPT)
            console.command("mkdir /tmp/d; cd /tmp/d; echo keep > keep; seq 1000 > lines; ln -s keep link; seq 5000 > part")
            console.command("cat /bin/* /bin/* /bin/* > fill; yes > more", timeout=120)
            for line, shown in (
                    ("yes >> more; echo $?", f"yes: standard output: {says}\n1"),
                    ("cat fill > some; echo $?", f"cat: standard output: {says}\n1"),
                    ("cp lines copy; echo $?", f"cp: copy: {says}\n1"),
                    ("tee copy < lines > /dev/null; echo $?", f"tee: copy: {says}\n1"),
                    ("seq 9999 > copy; echo $?", f"seq: standard output: {says}\n1"),
                    ("sort -o copy lines; echo $?", f"sort: standard output: {says}\n1"),
                    ("printf %9999d 1 > copy; echo $?", f"sh: printf: standard output: {says}\n1"),
                    ("sort -r -o part part; echo $?; head -n 1 part; wc -l part", "0\n999\n5000 part"),
                    ("mv keep kept; cat kept; wc -l lines", "keep\n1000 lines"),
                    ("rm more; cp lines copy; echo $?; wc -l copy", "0\n1000 copy")):
                with self.subTest(line):
                    self.assertEqual(console.command(line, timeout=60), shown)

    def test_no_room_for_names(self) -> None:
        """Where there is no room for a name, a pipe or a document either: the same, and what has to go on does."""
        says = "No space left on device"
        with boot.Console(mem="64M") as console:
            console.expect(console.PROMPT)
            console.command("mkdir /tmp/d; cd /tmp/d; echo keep > keep; mkdir tree other; seq 300 > tree/a; seq 300 > tree/b")
            console.command("printf 'cat <<E\\nshort\\nE\\n' > document")
            console.command("cat /bin/* /bin/* /bin/* > fill; yes > more", timeout=120)
            console.command("i=0; while mkdir dir$i 2> /dev/null; do i=$((i + 1)); done", timeout=60)
            for line, shown in (
                    ("mkdir new; echo $?", f"mkdir: new: {says}\n1"),
                    ("mkfifo new; echo $?", f"mkfifo: new: {says}\n1"),
                    ("touch new; echo $?", f"touch: new: {says}\n1"),
                    ("ln -s keep new; echo $?", f"ln: new: {says}\n1"),
                    ("cp -r tree new; echo $?", f"cp: new: {says}\n1"),
                    ("echo a > new; echo $?", f"sh: new: {says}\n1"),
                    ("echo a | cat; echo $?", f"sh: no pipe can be made: {says}\n1"),
                    ("x=$(echo a); echo $?", f"sh: no pipe can be made: {says}\n1"),
                    ("sh document; echo $?", f"sh: a here-document: {says}\n1"),
                    ("sh -c 'echo a > new'; echo $?; (echo b)", f"sh: new: {says}\n1\nb"),
                    ("mv keep other; mv tree other; ls -R other", "other:\nkeep\ntree\n\nother/tree:\na\nb"),
                    ("cat other/keep other/tree/a > /dev/null; echo $?", "0"),
                    ("rm more; mkdir new; cp -r other copy; echo $?; cat copy/keep; sh document; echo a | cat; echo $(echo b)",
                     "0\nkeep\nshort\na\nb"),
                    ("wc -l copy/tree/b; mkfifo fifo; (cat < fifo & echo c > fifo; wait)", "300 copy/tree/b\nc")):
                with self.subTest(line):
                    self.assertEqual(shown, console.command(line, timeout=60))

    def test_counting(self) -> None:
        self.expect("seq 2; seq 5 -2 1; seq -s , 8 10; seq -w 9 10", "1\n2\n5\n3\n1\n8,9,10\n09\n10\n")

    def test_what_files_take(self) -> None:
        self.expect("cd /tmp; : > none; echo 1 > one; head -c 9000 /bin/ls > three; ls -s none one three",
                    "    0 none\n    4 one\n   12 three\n")

    def test_time_and_environment(self) -> None:
        self.expect("sleep 0.01 && env -i A='x y' && env B=2 sh -c 'echo $B; exit 3'; echo $?; time nothing; echo $?",
                    "A=x y\n2\n3\ntime: nothing: No such file or directory\n127\n")
        self.assertRegex(boot.run("time sleep 0.02").output, r"^real 0\.[0-9]{6}\n$")

    def test_the_machine(self) -> None:
        self.assertRegex(boot.run("uptime").output, r"^up 0 days, 00:0\d:\d\d\.\d{3}, 1 hart, \d+\.\d% busy\n$")
        lines = boot.run("free; free -b", mem="256M").output.splitlines()
        self.assertEqual(lines[0].split(), ["total", "used", "free", "charged"])
        for line, unit in ((lines[1], 1024), (lines[3], 1)):
            total, used, free, charged = (int(word) * unit for word in line.split())
            self.assertLess(abs(total - used - free), 2048)
            self.assertTrue(240 << 20 < total < 256 << 20 and 0 < used < 8 << 20, lines)
            self.assertTrue(used // 2 < charged < 2 * used, lines)  # shared pages are charged to each
        waiting = r"(?m)^ +\d+ console +\d+ call +\d+ +-\n(.*\n)+ +\d+ waits +\d+ running +- +-\n"
        self.assertRegex(boot.run("waits").output, waiting)
        self.assertRegex(boot.run("dmesg").output, r"^\[ +\d+\.\d+\] Tabula: .* harts?, booted on 0\n")

    def test_help_of_every_program(self) -> None:
        names = sorted({file.stem for file in (boot.ROOT / "user/bin").iterdir() if file.suffix != ".h"})
        result = boot.run(f"for name in {' '.join(names)}; do /bin/$name --help || echo failed; done")
        self.assertEqual(result.output.count("usage: "), len(names), result.output)
        self.assertNotIn("failed", result.output)
        self.assertEqual(result.status, 0)


# Has a thread wait for each of several things, and says when all are on their way.
WAITER = r"""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <tabula/syscalls.h>

static unsigned word;
static int ends[2];

static void *at_futex(void *argument)
{
	futex_wait((uintptr_t)&word, 0, DEADLINE_NEVER);
	return argument;
}

static void *at_pipe(void *argument)
{
	char byte;

	read(ends[0], &byte, 1);
	return argument;
}

static void *at_endpoint(void *argument)
{
	struct message message = {.deadline = DEADLINE_NEVER};

	ipc_call(endpoint_create(), &message);
	return argument;
}

static void *at_notification(void *argument)
{
	notification_wait(notification_create(), 1, DEADLINE_NEVER);
	return argument;
}

static void *busy(void *argument)
{
	for (;;)
		;
	return argument;
}

int main(void)
{
	void *(*const what[])(void *) = {at_futex, at_pipe, at_endpoint, at_notification, busy};
	pthread_t thread;

	if (pipe(ends))
		return 1;
	for (unsigned i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		if (pthread_create(&thread, NULL, what[i], NULL))
			return 1;
	for (;;)
		sleep(1000);
}
"""


class Looking(unittest.TestCase):
    """ps, top and kill: at the servers, and at a program whose threads wait for one thing each."""

    folder: "tempfile.TemporaryDirectory[str]"

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory(prefix="tabula-looking-")
        cls.waiter = boot.program_build(WAITER, cls.folder.name, "waiter")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def rows(self, text: str, columns: int) -> Dict[str, List[str]]:
        """The lines of ps, by the name of the program, which comes before what it does."""
        rows = {}
        for line in text.splitlines()[1:]:
            words = line.split(None, columns - 1)
            rows[words[columns - 2]] = words
        return rows

    def test_ps(self) -> None:
        result = boot.run("ps; sleep 100 & ps -l; ps -p 1; ps -p 1,99999 -l; ps -p 99999", smp=2)
        short, long, one, some, none = re.split(r"^(?=  PID)", result.output, flags=re.MULTILINE)[1:]
        rows = self.rows(short, 8)
        self.assertEqual(list(rows), ["init", "process", "console", "files", "sh", "ps"], result.output)
        self.assertEqual([row[0] for row in rows.values()], ["1", "2", "3", "4", "5", "6"])
        self.assertEqual(rows["ps"][-1], "runs")
        self.assertEqual(rows["sh"][-1], "reply from process")
        for server in ("process", "files"):
            self.assertEqual(rows[server][-1], "waits for calls")
        for row in rows.values():
            self.assertRegex(" ".join(row), r"^\d+ [1-9]\d* [01] \d+\.\d\d [1-9]\d*K [1-9]\d* \w+ ")
        for line in short.splitlines() + long.splitlines():
            self.assertLessEqual(len(line), 80)
        rows = self.rows(long, 11)
        self.assertEqual(rows["sh"][1:4], ["1", "5", "16"])
        self.assertEqual(rows["sleep"][1:4], ["5", "5", "16"])
        self.assertEqual([len(part.splitlines()) for part in (one, some, none)], [2, 2, 1])
        self.assertEqual(result.status, 1)

    def test_what_threads_wait_for(self) -> None:
        result = boot.run("waiter & sleep 0.5; ps -t", programs=[self.waiter])
        does = [line[51:] for line in result.output.splitlines() if " waiter " in line]
        self.assertEqual(len(does), 6, result.output)
        self.assertEqual(does[:3] + does[4:5], ["sleeps", "futex", "reply from files", "notification"])
        self.assertRegex(does[3], r"^turn at endpoint \d+$")
        self.assertIn(does[5], ("runs", "ready"))

    def test_top_of_a_busy_program(self) -> None:
        result = boot.run("waiter & top -b -n 2 -d 0.5; echo $?", programs=[self.waiter])
        screens = re.split(r"^(?=up )", result.output, flags=re.MULTILINE)[1:]
        self.assertEqual(len(screens), 2, result.output)
        for screen in screens:
            self.assertRegex(screen, r"^up 0:00:\d\d, 1 hart \d+\.\d% busy; 7 programs, \d+ threads, [1-9] of them active\n"
                             r"memory: 1\d\dM, 1\d\dM of it free\n  PID  %CPU ")
            first = screen.splitlines()[3].split()
            self.assertEqual(first[7], "waiter", screen)
            self.assertGreater(float(first[1]), 50)
        self.assertTrue(result.output.endswith("\n0\n"))

    def test_top_on_the_screen(self) -> None:
        with boot.Console(programs=[self.waiter]) as console:
            console.expect(console.PROMPT)
            for key in "q", "\x03":
                console.send("top -d 100\r")
                console.expect(r"\x1b\[\?1049h\x1b\[\?25l")
                console.expect(r" top +runs\x1b\[K\n(.*\n)*\x1b\[J")
                console.send("x ")  # one that means nothing, and one that does
                console.expect(r" top +runs\x1b\[K\n(.*\n)*\x1b\[J")
                console.send(key)
                console.expect(r"\x1b\[\?25h\x1b\[\?1049ltabula\$ \Z")
                self.assertEqual(console.command("echo $?"), "0")
            console.send("sh -c 'top -n 1; cat'\r")
            console.expect(r"\x1b\[\?1049l")
            console.send("abx\x7fc\r")
            console.expect(r"^abc\n")  # what comes next reads lines

    def test_kill(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)

            def start() -> str:
                console.command("sleep 1000 &")
                return self.rows(console.command("ps"), 8)["sleep"][0]

            for words in ("-TERM", "-s int", "-sigkill", "-9", "-s 15", "", "--"):
                pid = start()
                self.assertNotIn("kill: ", console.command(f"env kill {words} {pid}"))
                self.assertIn("1", console.command(f"sleep 0.1; ps -p {pid}; echo $?").split())
            pid = start()
            self.assertEqual(console.command(f"env kill -0 {pid} 1; echo $?"), "0")
            self.assertEqual(console.command(f"env kill 99999 {pid} x; echo $?").splitlines()[:3], [
                "kill: 99999: no such program", "kill: x: a program is named by its number; ps shows them", "1"])
            self.assertEqual(console.command("env kill -0 -- -99999; echo $?"), "kill: -99999: no such group\n1")
            self.assertEqual(console.command("env kill -0 -3; echo $?"), "0")  # the group of a server
            self.assertIn("kill: 1: ", console.command("env kill 1"))
            self.assertEqual(console.command("env kill -NONE 1; echo $?"),
                             "kill: NONE: there is no such signal; kill -l lists them\n1")
            self.assertEqual(console.command("env kill -l 9 137 USR1 143"), "KILL\nKILL\n30\nTERM")
            self.assertRegex(console.command("env kill -l"), r"^HUP INT QUIT .* USR2$")
            for wrong in ("", "-9", "--", "-s", "-s TERM"):
                self.assertEqual(console.command(f"env kill {wrong}; echo $?").splitlines()[-1], "2", wrong)
            self.assertEqual(console.command("env kill -l 77; echo $?").splitlines()[-1], "1")


if __name__ == "__main__":
    unittest.main()
