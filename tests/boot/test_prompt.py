"""The prompt: what somebody sees who boots the system and types."""

from __future__ import annotations

import unittest

from tests.support import boot


class Prompt(unittest.TestCase):
    def test_session(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            self.assertEqual(console.command("ls /").split(), ["bin", "dev", "etc", "init", "servers", "tmp"])
            self.assertEqual(console.command("echo hello, world"), "hello, world")
            self.assertIn("Tabula", console.command("cat /etc/motd"))
            self.assertIn("rocess", console.command("hello"))
            self.assertIn("not found", console.command("nonsense"))
            self.assertEqual(console.command("echo $?"), "127")
            console.send("shutdown 3\r")
            self.assertEqual(console.ends(), 3)

    def test_shell_goes_on_after_a_crash(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            self.assertRegex(console.command("crash null"), r"crash.* page fault at 0x")
            self.assertEqual(console.command("echo $?"), "139")
            self.assertEqual(console.command("echo still here"), "still here")

    def test_what_the_shell_cannot_do_is_said_once(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            for line in ("echo a | cat", "; echo a"):
                self.assertEqual(len(console.command(line).splitlines()), 1, line)

    def test_typing(self) -> None:
        """Echo and correction of what is typed."""
        with boot.Console() as console:
            console.expect(console.PROMPT)
            self.assertEqual(console.command("echp\x7fo typo"), "typo")

    def test_shell_that_ends_is_started_again(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            console.send("exit\r")
            console.expect(console.PROMPT)
            self.assertEqual(console.command("echo again"), "again")

    def test_leaving_the_emulator(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            console.send("\x01x")
            self.assertEqual(console.ends(), 0)

    def test_shutdown(self) -> None:
        with boot.Console() as console:
            console.expect(console.PROMPT)
            console.send("shutdown\r")
            self.assertEqual(console.ends(), 0)


if __name__ == "__main__":
    unittest.main()
