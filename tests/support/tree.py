"""A private copy of the source tree that a test may spoil, and the build run in it.

The copy holds what git would commit (tracked files and new ones that are not ignored) and the build directory with
its times, so that `make` in it builds only what the test has changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional

ROOT = Path(__file__).resolve().parents[2]
_NOT_COPIED = {".git", "build", "__pycache__"}


@dataclass(frozen=True)
class Outcome:
    """How a command has ended; output and complaints are one text, in the order they came."""

    status: int
    output: str


class Tree:
    """Use as a context manager, or call remove() at the end."""

    def __init__(self, build: bool = True, hosted: bool = False) -> None:
        """With `hosted`, what has been built of the hosted kernel is in it, too: it is large."""
        self._folder = tempfile.TemporaryDirectory(prefix="tabula-tree-")
        self.root = Path(self._folder.name)
        self._originals: Dict[str, Optional[bytes]] = {}
        for name in _files():
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
        if build and (ROOT / "build").is_dir():
            ignored = shutil.ignore_patterns("sources", *([] if hosted else ["host"]))
            shutil.copytree(ROOT / "build", self.root / "build", symlinks=True, copy_function=_copy, ignore=ignored)

    def __enter__(self) -> "Tree":
        return self

    def __exit__(self, *details: object) -> None:
        self.remove()

    def remove(self) -> None:
        self._folder.cleanup()

    # Files

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Makes or replaces a file."""
        path = self.root / name
        self._originals.setdefault(name, path.read_bytes() if path.exists() else None)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Replaces a text that stands in the file exactly once."""
        text = self.read(name)
        if text.count(old) != 1:
            raise ValueError(f"{name} holds {old!r} {text.count(old)} times, not once; the test has to be adapted")
        self.write(name, text.replace(old, new))

    def append(self, name: str, text: str) -> None:
        self.write(name, self.read(name) + text)

    def restore(self) -> None:
        """Takes back every edit made so far."""
        for name, data in self._originals.items():
            path = self.root / name
            if data is not None:
                path.write_bytes(data)
            elif path.exists():
                path.unlink()
        self._originals.clear()

    def line_of(self, name: str, text: str) -> int:
        """The number of the one line that holds a text."""
        lines = [number for number, line in enumerate(self.read(name).split("\n"), 1) if text in line]
        if len(lines) != 1:
            raise ValueError(f"{name} holds {text!r} on {len(lines)} lines, not on one; the test has to be adapted")
        return lines[0]

    # Commands

    def run(self, *command: str, timeout: float = 300) -> Outcome:
        """Runs a command in the copy, as if from a fresh shell."""
        result = subprocess.run(command, cwd=self.root, env=_environment(), stdin=subprocess.DEVNULL, timeout=timeout,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return Outcome(result.returncode, result.stdout.decode("utf-8", "replace"))

    def make(self, *arguments: str, timeout: float = 300) -> Outcome:
        return self.run("make", *arguments, timeout=timeout)


def _copy(source: str, target: str) -> None:
    """Copies a file of the build; one that a build going on has just replaced or removed is left out."""
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        pass


def _environment() -> Dict[str, str]:
    """The environment without what an outer make, git or colour setting would bring in."""
    dropped = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "GNUMAKEFLAGS", "V", "DEBUG", "PROGRAMS")
    environment = {k: v for k, v in os.environ.items() if k not in dropped and not k.startswith("GIT_")}
    environment.update(LC_ALL="C", GCC_COLORS="")
    return environment


def _files() -> List[str]:
    """The files of the tree, relative to its top."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False) if _has_git() else None
    if listing is not None and listing.returncode == 0:
        names = [os.fsdecode(name) for name in listing.stdout.split(b"\0") if name]
        return [name for name in names if os.path.lexists(ROOT / name)]
    return _walk()


def _has_git() -> bool:
    return (ROOT / ".git").exists() and shutil.which("git") is not None


def _walk() -> List[str]:
    """The same for a tree that is no git checkout, such as an unpacked archive."""
    names: List[str] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in _NOT_COPIED]
        names += [os.path.relpath(os.path.join(folder, name), ROOT) for name in files]
    return names
