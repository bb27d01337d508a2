"""The tools as they run in the system; what they do in detail is tried on the development machine."""

import re
import tempfile
import unittest
from typing import Dict, List

from tests.support import boot

MOTD = (boot.ROOT / "user/etc/motd").read_text()


class Tools(unittest.TestCase):
    def expect(self, command: str, output: str, status: int = 0, **machine: object) -> None:
        result = boot.run(command, **machine)  # type: ignore
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
            console.command(": > copy; : > some")
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
                    ("df | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4,5; du -s fill more | cut -f 2", "0 100%\nfill\nmore"),
                    ("rm more; cp lines copy; echo $?; wc -l copy", "0\n1000 copy")):
                with self.subTest(line):
                    self.assertEqual(console.command(line, timeout=60), shown)

    def test_no_room_for_names(self) -> None:
        """Where there is no room for a name or a document either: the same, and what has to go on does, pipes among it."""
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
                    ("ls tree | cat | sort -r | head -n 1; echo $?", "b\n0"),
                    ("x=$(ls tree | wc -l); echo $? $x", "0 2"),
                    ("sh document; echo $?", "short\n0"),
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

    def test_room(self) -> None:
        result = boot.run("df -k /tmp > a; mkdir -p d/e; head -c 9000 /bin/ls > d/three; ln d/three d/again; echo 1 > d/e/one; "
                          "df > b; cat a b; df -h . | tail -n 1; df /none; echo $?; du d; du -a d/e; du -s d/e d; du d/three; "
                          "du -sh d; du none; echo $?")
        lines = result.output.splitlines()
        self.assertEqual(lines[0].split(), ["Filesystem", "1024-blocks", "Used", "Available", "Capacity", "Mounted", "on"])
        before, after, people = (lines[at].split() for at in (1, 3, 4))
        self.assertEqual(int(before[1]), int(before[2]) + int(before[3]))
        self.assertTrue(16 <= int(after[2]) - int(before[2]) <= 32, lines)  # 4 blocks, and what is known of the files
        self.assertRegex(" ".join(people), r"^files [\d.]+M [\d.]+[KM] [\d.]+M \d+% /$")
        self.assertEqual(lines[5:], ["df: /none: No such file or directory", "1", "4\td/e", "16\td", "4\td/e/one", "4\td/e",
                                     "4\td/e", "16\td", "12\td/three", "16K\td", "du: none: No such file or directory", "1"])

    def test_time_and_environment(self) -> None:
        self.expect("sleep 0.01 && env -i A='x y' && env B=2 sh -c 'echo $B; exit 3'; echo $?; time nothing; echo $?",
                    "A=x y\n2\n3\ntime: nothing: No such file or directory\n127\n")
        result = boot.run("time sleep 0.02")
        self.assertRegex(result.output, r"^real \d+\.\d{6}\n$")
        self.assertTrue(0.02 <= float(result.output.split()[1]) <= result.seconds, str(result))

    def test_the_date(self) -> None:
        """The machine's clock is read once; programs, their children, files, and another file server know the date."""
        say = "date -u '+%Y-%m-%d %H'"
        line = f"{say}; sh -c \"{say}\"; TZ=CET-1 date +%H%Z; touch a; ls -l a"
        for date, file in (("2031-12-31T22:05:06", "Dec 31 22:05"), ("1999-02-28T04:00:00", "Feb 28 04:00")):
            hour = date[:13].replace("T", " ")
            shown = f"{hour}\n{hour}\n{int(hour[-2:]) + 1:02}CET\n-rw-rw-rw-  1         0 {file} a\n"
            self.expect(line, shown, date=date)
            again = boot.run(f"kill `ps | grep files | head -c 5`; until test -e /init; do :; done; {line}", date=date)
            self.assertEqual(again.output, shown)
            self.assertIn("] init: files has ended with status 143; here is a new one\n", again.errors)
        self.expect("date -u '+%F %T'; sleep 2.5; date +%s", "2000-01-01 00:00:00\n946684802\n", icount=True)

    def test_dates_that_are_none(self) -> None:
        result = boot.run("date 0101; echo $?; date +%; date -x 2> /dev/null; echo $?")
        self.assertEqual(result.output.splitlines()[0], "date: 0101: the clock can't be set")
        self.assertRegex(result.output, r"(?s)\n1\ndate: %: Invalid argument\n1\n$")

    def test_the_name(self) -> None:
        self.expect("uname; uname -m -s; uname -a; uname x 2> /dev/null; echo $?",
                    "Tabula\nTabula riscv64\nTabula tabula 0.1 #1 riscv64\n1\n")

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
        result = boot.run(f"for name in {' '.join(names)}; do /bin/$name --help || echo \"$name: $?\"; done; help")
        self.assertEqual(result.output.count("usage: "), len(names), result.output)
        self.assertNotRegex(result.output, r"(?m)^\w+: \d+$")
        self.assertEqual([line for line in result.output.splitlines() if len(line) > 80], [])  # columns of a terminal
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


# Has a child as fork makes it, which is never given a thread; then looks.
UNBORN = r"""
#include <sys/wait.h>
#include <unistd.h>
#include <tabula/handles.h>
#include <tabula/protocol/program.h>

int main(void)
{
	endpoint_handle programs = {startup_handle(STARTUP_PROGRAMS).value};
	process_handle process = process_create((const uint8_t *)"unborn", 6);
	uint32_t pid;

	if (program_fork(programs, process, &pid).value < 0)
		return 1;
	if (fork() == 0)
		execlp("ps", "ps", NULL);
	return wait(NULL) < 0;
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
        # Another hart may run ps before the shell waits for it, and before a server waits for its next call.
        idle = "sh *reply from process|(process|files) *waits for calls"
        result = boot.run(f"until ps > t; test $(grep -cE '({idle})$' t) = 3; do :; done; cat t; "
                          "sleep 100 & ps -l; ps -p 1; ps -p 1,99999 -l; ps -p 99999", smp=2)
        short, long, one, some, none = re.split(r"^(?=  PID)", result.output, flags=re.MULTILINE)[1:]
        rows = self.rows(short, 8)
        self.assertEqual(list(rows), ["init", "process", "console", "files", "sh", "ps"], result.output)
        self.assertEqual([row[0] for row in rows.values()][:5], ["1", "2", "3", "4", "5"])
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

    def test_one_that_has_yet_to_start(self) -> None:
        """A program that is stopped while it forks has such a child."""
        unborn = boot.program_build(UNBORN, self.folder.name, "unborn")
        result = boot.run("unborn", programs=[unborn])
        does = [line.split()[-1] for line in result.output.splitlines() if " unborn " in line]
        self.assertEqual(does, ["process", "starts"], str(result))

    def test_what_threads_wait_for(self) -> None:
        waits = "waiter *(sleeps|futex|reply from files|turn at endpoint|notification)"
        result = boot.run(f"waiter & for i in $(seq 500); do ps -t > t; test $(grep -cE '{waits}' t) = 5 && break; done; cat t",
                          programs=[self.waiter])
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
                while console.command(f"ps -p {pid} > /dev/null; echo $?").splitlines()[-1] == "0":
                    continue  # the shell hears of its end before the next prompt
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
            self.assertRegex(console.command("env kill -l"), r"^HUP INT QUIT .* USR2 RTMIN RTMIN\+1 .* RTMAX-1 RTMAX$")
            self.assertEqual(console.command("env kill -l 32 163 RTMAX-2 rtmin"), "RTMIN\nRTMIN+3\n61\n32")
            for words, number in (("-RTMIN+3", 35), ("-s RTMIN", 32), ("-63", 63), ("-s sigrtmax-1", 62)):
                self.assertIn(f"{128 + number}", console.command(f"sleep 1000 & env kill {words} $!; wait $!; echo $?"), words)
            for wrong in ("RTMIN+32", "RTMAX+1", "RTMIN-1", "64"):
                self.assertIn("there is no such signal", console.command(f"env kill -s {wrong} 1"))
            for wrong in ("", "-9", "--", "-s", "-s TERM"):
                self.assertEqual(console.command(f"env kill {wrong}; echo $?").splitlines()[-1], "2", wrong)
            self.assertEqual(console.command("env kill -l 77; echo $?").splitlines()[-1], "1")


if __name__ == "__main__":
    unittest.main()
