"""The tools as they run in the system; what they do in detail is tried on the development machine."""

import unittest

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
                    first + MOTD + f"{len(MOTD):7} motd\n1\n1:{first}" + MOTD * 2 +
                    "00000000  54 61 62 75                                       |Tabu|\n00000004\n", 1)

    def test_counting(self) -> None:
        self.expect("seq 2; seq 5 -2 1; seq -s , 8 10; seq -w 9 10", "1\n2\n5\n3\n1\n8,9,10\n09\n10\n")

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
            self.assertTrue(240 << 20 < total < 256 << 20 and 0 < charged <= used < 8 << 20, lines)
        self.assertRegex(boot.run("dmesg").output, r"^\[ +\d+\.\d+\] Tabula: .* harts?, booted on 0\n")

    def test_help_of_every_program(self) -> None:
        names = sorted({file.stem for file in (boot.ROOT / "user/bin").iterdir() if file.suffix != ".h"})
        result = boot.run(f"for name in {' '.join(names)}; do /bin/$name --help || echo failed; done")
        self.assertEqual(result.output.count("usage: "), len(names), result.output)
        self.assertNotIn("failed", result.output)
        self.assertEqual(result.status, 0)


if __name__ == "__main__":
    unittest.main()
