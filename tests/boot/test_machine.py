"""The machines that the system has to boot on: harts, memory, processor features."""

from __future__ import annotations

import unittest

from tests.support import boot


class Machine(unittest.TestCase):
    def boots(self, **machine: object) -> boot.Result:
        result = boot.run("echo ok", **machine)  # type: ignore[arg-type]
        self.assertEqual((result.status, result.output, result.errors), (0, "ok\n", ""), result.log)
        return result

    def test_harts(self) -> None:
        for smp in (1, 2, 4, 8):
            with self.subTest(smp=smp):
                self.boots(smp=smp)

    def test_boot_hart_varies(self) -> None:
        """The firmware picks a hart by chance; whichever it is, the system comes up."""
        for _ in range(4):
            self.boots(smp=4)

    def test_memory(self) -> None:
        for mem in ("64M", "128M", "1G", "4G"):
            with self.subTest(mem=mem):
                self.boots(mem=mem)

    def test_processors(self) -> None:
        for cpu in ("rv64", "rv64,sstc=off", "rv64,svpbmt=on", "rv64,sstc=off,svpbmt=on"):
            with self.subTest(cpu=cpu):
                self.boots(cpu=cpu)

    def test_counted_instructions(self) -> None:
        self.boots(icount=True)

    def test_kernel_options(self) -> None:
        result = boot.run("echo ok", append="log=debug")
        self.assertEqual((result.status, result.output), (0, "ok\n"), result.log)
        quiet = boot.run("echo ok", append="log=error")
        self.assertEqual((quiet.status, quiet.output), (0, "ok\n"), quiet.log)
        self.assertLess(len(quiet.log), len(result.log))


if __name__ == "__main__":
    unittest.main()
