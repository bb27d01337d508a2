"""Sources of programs that others wrote, fetched by package name through apt and kept in build/sources.

Nothing of the machine's own set-up is changed: apt gets lists and a cache of its own, and asks the places that the
machine's own lists name.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import List

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build/sources"
LIMIT = 120.0


class Unavailable(Exception):
    """Why the source can't be had here."""


def fetch(package: str) -> Path:
    """The folder that a package's unchanged source was unpacked into."""
    folder = KEPT / package
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side, and apt refuses to share its lists
        if not folder.is_dir():
            part = KEPT / f"{package}.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            _download(package, part)
            _unpack(part)
            part.rename(folder)
    inner = [path for path in folder.iterdir() if path.is_dir()]
    return inner[0] if len(inner) == 1 else folder


def _apt(*words: str) -> List[str]:
    return ["apt-get", "-q", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={KEPT}/lists.d",
            "-o", f"Dir::State::lists={KEPT}/lists", "-o", f"Dir::Cache={KEPT}/cache", "-o", "APT::Sandbox::User=root",
            "-o", "Acquire::Retries=1", *words]


def _run(words: List[str], folder: Path) -> None:
    try:
        done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=LIMIT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{words[0]}: {error}") from error
    if done.returncode:
        raise Unavailable(f"{words[0]} fails: {(done.stdout.strip().splitlines() or ['without a word'])[-1]}")


def _lists() -> None:
    """Lists of sources for those of Debian's packages that the machine knows."""
    lists = KEPT / "lists.d"
    if (KEPT / "lists.done").exists():
        return
    lists.mkdir(parents=True, exist_ok=True)
    (KEPT / "lists/partial").mkdir(parents=True, exist_ok=True)
    (KEPT / "cache").mkdir(exist_ok=True)
    found = False
    for file in [*Path("/etc/apt/sources.list.d").glob("debian*.sources"), Path("/etc/apt/sources.list")]:
        if file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            text = text.replace("Types: deb\n", "Types: deb-src\n")
            text = "\n".join("deb-src" + line[3:] if line.startswith("deb ") else line for line in text.split("\n"))
            (lists / (file.name if file.suffix == ".sources" else "sources.list")).write_text(text, encoding="utf-8")
            found = True
    if not found:
        raise Unavailable("this machine is no Debian: there is no list of packages")
    _run(_apt("update"), KEPT)
    (KEPT / "lists.done").touch()


def _download(package: str, folder: Path) -> None:
    _lists()
    _run(_apt("source", "--download-only", package), folder)


def _unpack(folder: Path) -> None:
    """The author's archive only, without what Debian changes."""
    archives = [path for path in folder.glob("*.orig.tar.*") if not path.name.endswith(".asc")]
    if not archives:
        raise Unavailable("the package has no archive of its author")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder)
    for path in folder.iterdir():
        if path.is_file():
            path.unlink()
