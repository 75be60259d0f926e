"""Staging: a dataset is written beside its target and put in place by one rename, or not at all.

    .NAME.annotator-staging-TOKEN   being written; a lock in it is held while its writer lives
    .NAME.annotator-former-TOKEN    the former export, moved aside for the moment of the swap

A crash leaves one of these siblings behind; the next export to the same target tidies up, and gives
a former export back if the crash came between the two renames.
"""

import errno
import json
import os
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from annotator.export.errors import TargetRefused, WriteFailed
from annotator.export.locking import FolderLock

REPORT_NAME = "report.json"
MARKER = "annotator_export"
REPORT_LIMIT_BYTES = 64 << 20
OWN_ENTRIES = frozenset(
    {"images", "annotations", "masks", "ignore", "splits", REPORT_NAME, "contact_sheet.png"}
    | {"README.txt", "classes.json", "classes.csv"}
)
FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


@contextmanager
def staged(out: Path, *, overwrite: bool = False, sources: Sequence[Path] = ()) -> Iterator[Path]:
    """A fresh folder to write into; leaving the block in peace puts it at ``out``.

    ``sources`` are files the dataset is made from: a target that holds one of them is not replaced.
    Raises `TargetRefused` before anything is written, `WriteFailed` for what the disk refuses. Any
    exception in the block removes what was written and leaves ``out`` as it was.
    """
    out = _absolute(out)
    with speaking_of(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        _tidy(out)
        check_target(out, overwrite=overwrite, sources=sources)
        staging = out.parent / f".{out.name}.annotator-staging-{secrets.token_hex(6)}"
        staging.mkdir()
        lock = FolderLock(staging)
        try:
            lock.acquire()
            yield staging
            lock.release()
            _flush_tree(staging)
            check_target(out, overwrite=overwrite, sources=sources)
            _swap(staging, out)
        except BaseException:
            lock.release()
            shutil.rmtree(staging, ignore_errors=True)
            raise


def check_target(out: Path, *, overwrite: bool, sources: Sequence[Path] = ()) -> None:
    """Raise `TargetRefused` unless ``out`` is absent, empty, or ours and meant to be replaced."""
    out = _absolute(out)
    if out.is_symlink():
        raise TargetRefused(f"'{out}' is a link; give the folder it leads to, or another one.")
    if not out.exists():
        return
    if not out.is_dir():
        raise TargetRefused(f"'{out}' is a file; give the name of a folder.")
    if not any(out.iterdir()):
        return
    if not overwrite:
        raise TargetRefused(
            f"The folder '{out}' is not empty; give another one, or ask to overwrite."
        )
    reason = why_not_ours(out)
    if reason is not None:
        raise TargetRefused(f"The folder '{out}' is kept as it is: {reason}.")
    inside = next((source for source in sources if _resolved(source).is_relative_to(out)), None)
    if inside is not None:
        raise TargetRefused(
            f"The folder '{out}' holds '{inside.name}', an image of this project; give another."
        )


def why_not_ours(folder: Path) -> str | None:
    """None for a former export of this program with nothing else in it, otherwise the reason."""
    report = folder / REPORT_NAME
    try:
        facts = os.lstat(report)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > REPORT_LIMIT_BYTES:
            return "its report.json was not written by this program"
        marked = json.loads(report.read_text("utf-8"))
    except FileNotFoundError:
        return "it is not a former export of this program (there is no report.json)"
    except (OSError, ValueError, RecursionError):
        return "its report.json cannot be read"
    if not isinstance(marked, dict) or MARKER not in marked:
        return "its report.json was not written by this program"
    foreign = sorted(entry.name for entry in folder.iterdir() if entry.name not in OWN_ENTRIES)
    if foreign:
        return f"it also holds '{foreign[0]}', which no export wrote; move that away first"
    return None


@contextmanager
def speaking_of(out: Path) -> Iterator[None]:
    """Turn an `OSError` into `WriteFailed` with one sentence about the export to ``out``."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise WriteFailed(
                f"The disk that holds '{out}' is full; free some space and export again."
            ) from error
        raise WriteFailed(
            f"The export to '{out}' stopped because of '{error.filename or out}': "
            f"{error.strerror or error}."
        ) from error


def _tidy(out: Path) -> None:
    """Deal with what crashed exports to the same target left behind."""
    former = _siblings(out, "former")
    if former and not os.path.lexists(out):
        os.rename(former.pop(0), out)
    for folder in former:
        shutil.rmtree(folder, ignore_errors=True)
    for folder in _siblings(out, "staging"):
        if FolderLock(folder).abandoned():
            shutil.rmtree(folder, ignore_errors=True)


def _siblings(out: Path, kind: str) -> list[Path]:
    """Real folders of that kind beside ``out``, the newest first."""
    prefix = f".{out.name}.annotator-{kind}-"
    found = [
        path
        for path in out.parent.iterdir()
        if path.name.startswith(prefix) and path.is_dir() and not path.is_symlink()
    ]
    return sorted(found, key=lambda path: -path.stat().st_mtime_ns)


def _swap(staging: Path, out: Path) -> None:
    """Put ``staging`` at ``out``; what was there goes only once the new folder stands."""
    if not os.path.lexists(out):
        os.rename(staging, out)
        _flush_folder(out.parent)
        return
    former = out.parent / f".{out.name}.annotator-former-{secrets.token_hex(6)}"
    os.rename(out, former)
    try:
        os.rename(staging, out)
    except BaseException:
        os.rename(former, out)
        raise
    _flush_folder(out.parent)
    shutil.rmtree(former, ignore_errors=True)


def _flush_tree(folder: Path) -> None:
    """Make every byte lasting before the rename, so that power loss cannot leave empty files."""
    for root, _, names in os.walk(folder):
        for name in names:
            _flush_file(os.path.join(root, name))
        _flush_folder(Path(root))


def _flush_file(path: str) -> None:
    descriptor = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    if sys.platform == "win32":  # folders cannot be opened there; the rename itself is journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems refuse to flush folders
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _absolute(path: Path) -> Path:
    """Absolute, the parent resolved, the last part not: a link there must stay visible."""
    plain = Path(os.path.abspath(path))
    return plain.parent.resolve() / plain.name


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))
