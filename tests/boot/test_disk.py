"""Disks: what the driver in user mode reads and writes, compared with the image on this side."""

from __future__ import annotations

import array
import os
import re
import tempfile
import unittest
import zlib
from pathlib import Path
from typing import Dict, List

from tests.support import boot, ktap

# The disk is no whole number of what goes to it at once.
SIZE = (4 << 20) + 3 * 512

NOT_LEGACY = ["--qemu=-global", "--qemu=virtio-mmio.force-legacy=false"]


def pattern(size: int) -> bytes:
    """What tests/user/disks.h expects: each word tells where it is."""
    return array.array("Q", ((i * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF for i in range(size // 8))).tobytes()


def device(image: Path, of_drive: str = "", of_device: str = "") -> List[str]:
    """A disk that is not as scripts/run makes it."""
    return ["--qemu=-drive", f"--qemu=if=none,id=disk,format=raw,file={image}{of_drive}",
            "--qemu=-device", f"--qemu=virtio-blk-device,drive=disk{of_device}"]


class OnDisk:
    """A suite on a disk, whose image is afterwards what the suite says. Comes before ktap.KtapSuite."""

    command: str
    machine: Dict[str, object]
    more: List[str] = []
    size = SIZE

    def disk(self) -> List[str]:
        return [f"--disk={self.image}"]

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tabula-disk-")
        self.addCleanup(folder.cleanup)  # type: ignore[attr-defined]
        self.image = Path(folder.name) / "disk.img"
        self.image.write_bytes(pattern(self.size))
        type(self).machine = {**type(self).machine, "more": [*self.more, *self.disk()]}

    def _whole(self, result: boot.Result, report: ktap.Report) -> None:
        said = re.search(r"# sum ([0-9a-f]{8})", result.output)
        if not said or int(said.group(1), 16) != zlib.crc32(self.image.read_bytes()):
            report.problems.append("the image is not what the suite has left on the disk")
        super()._whole(result, report)  # type: ignore[misc]


class Posix(OnDisk, ktap.KtapSuite):
    command = "disk-posix"
    checked = True


class PosixOfTwo(OnDisk, ktap.KtapSuite):
    command = "disk-posix"
    machine = {"smp": 2}
    more = NOT_LEGACY


class PosixOfLargeBlocks(OnDisk, ktap.KtapSuite):
    """Its blocks are a page each, and it takes nothing less."""

    command = "disk-posix"
    size = 4 << 20

    def disk(self) -> List[str]:
        return device(self.image, of_device=",logical_block_size=4096,physical_block_size=4096")


class Hostile(OnDisk, ktap.KtapSuite):
    command = "disk-hostile"
    checked = True
    more = NOT_LEGACY


class HostileOfFour(OnDisk, ktap.KtapSuite):
    command = "disk-hostile"
    machine = {"smp": 4}


class Siege(OnDisk, ktap.KtapSuite):
    command = "disk-siege"


class SiegeOfFour(OnDisk, ktap.KtapSuite):
    command = "disk-siege"
    machine = {"smp": 4}
    more = NOT_LEGACY


class Slow(ktap.KtapSuite):
    """A disk of 128 KiB a second."""

    command = "disk-siege slow"

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="tabula-disk-")
        self.addCleanup(folder.cleanup)
        image = Path(folder.name) / "disk.img"
        image.write_bytes(bytes(1 << 20))
        type(self).machine = {"smp": 2, "more": device(image, of_drive=",throttling.bps-read=131072")}


class Files(unittest.TestCase):
    """With the tools that there are."""

    def test_none(self) -> None:
        result = boot.run("ls /dev; ps | grep -c virtio_blk; cat /dev/disk0")
        self.assertEqual(result.output, "console\nfull\nnull\ntty\nzero\n0\ncat: /dev/disk0: No such file or directory\n")

    def test_several(self) -> None:
        """One to read, one to write, one that can't be written to; and what was written is there after the next boot."""
        with tempfile.TemporaryDirectory(prefix="tabula-disk-") as folder:
            images = [Path(folder) / name for name in ("first.img", "second.img", "readonly.img")]
            content = [os.urandom(100 * 512), bytes(3000 * 512), b"readonly".ljust(512)]
            for image, text in zip(images, content):
                image.write_bytes(text)
            os.chmod(images[2], 0o444)
            more = [f"--disk={image}" for image in images]
            result = boot.run("head -c 8 /dev/disk2; echo; wc -c < /dev/disk1; ls -l /dev | grep -c '^b'; "
                              "cp /dev/disk0 /dev/disk1; cp /init /dev/disk2; cat /init > /dev/disk0; cat /dev/disk3", more=more)
            self.assertEqual(result.output.splitlines()[:3], ["readonly", str(3000 * 512), "3"], result)
            self.assertIn("/dev/disk2: Read-only file system", result.output)
            self.assertIn("No space left", result.output)
            self.assertIn("/dev/disk3: No such file", result.output)
            self.assertEqual(images[1].read_bytes(), content[0] + content[1][len(content[0]):])
            self.assertEqual(images[2].read_bytes(), content[2])
            init = (boot.ROOT / "build/archive/bin/init").read_bytes()
            self.assertEqual(images[0].read_bytes(), init[: len(content[0])])
            again = boot.run("cat /dev/disk0", more=more)
            self.assertEqual(again.raw, init[: len(content[0])])

    def test_refused(self) -> None:
        for more, message in ((["--disk=/nowhere/disk.img"], "there is no disk image"),
                              (["--disk=a"] * 9, "the machine has room for 8 disks"),
                              (["--disk=a", "--icount"], "does not go with --icount")):
            with self.subTest(message):
                result = boot.run("true", more=more)
                self.assertEqual(result.status, boot.STATUS_REFUSED)
                self.assertIn(message, result.errors)


if __name__ == "__main__":
    unittest.main()
