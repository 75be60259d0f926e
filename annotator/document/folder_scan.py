"""Scanning a folder: which images lie in it, how large they are, what is wrong with the rest."""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from annotator.document.errors import DocumentError, UnreadableImage
from annotator.document.image_headers import LIMITS, Limits, inspect_image
from annotator.document.project_folder import CACHE_NAME, FILE_NAME

Report = Callable[[int, int], None]  # files done, files in all

IMAGE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff")
)

_EXPORT_REPORT, _EXPORT_MARK = "report.json", b'"annotator_export"'  # within its first bytes
_MARK_WITHIN_BYTES = 64

_BATCH_FILES = 64
_THREADS = 8  # headers wait for the disk or the network more than they compute
_BATCHES_AHEAD = 4 * _THREADS


@dataclass(frozen=True, slots=True)
class ImageDraft:
    """What a scan found under one name: an image entry that has no id yet.

    ``path`` is POSIX style and relative to the scanned folder, the name exactly as on disk, never
    normalised, so that it opens. Size is 0 x 0 where ``problem`` says what is wrong; then the path
    may also be a folder's.
    """

    path: str
    width: int
    height: int
    page: int = 0
    problem: str | None = None


def scan_folder(
    root: Path,
    known: frozenset[str] = frozenset(),
    report: Report | None = None,
    *,
    limits: Limits = LIMITS,
) -> Iterator[ImageDraft]:
    """Every image under ``root`` but those whose path is ``known``, in natural order of paths.

    Names are gathered at once; headers are read while the result is iterated, so a caller may
    show what is there already, or stop. A file of several pages gives one draft for each. Hidden
    names, other kinds of files, the cache of a project and folders that this program exported are
    passed over; a file called an image that cannot be read, a folder that cannot be listed and a
    link that leads out of ``root`` give a draft with a ``problem``. Nothing is written. ``report``
    is called on the iterating thread; what it raises stops the scan. Raises
    `DocumentError` if ``root`` itself cannot be listed.
    """
    names = _Walk(root).names()
    wanted = _naturally_sorted(names.keys() - known)
    return _drafts(root, [(path, names[path]) for path in wanted], report, limits)


@dataclass
class _Walk:
    """One pass over the names below a folder; every real folder is entered once at most."""

    root: Path
    found: dict[str, str | None] = field(default_factory=dict)  # path -> problem seen so far
    folders: deque[str] = field(default_factory=lambda: deque([""]))
    entered: set[str] = field(default_factory=set)  # real paths

    def names(self) -> dict[str, str | None]:
        self._check_root()
        while self.folders:
            self._enter(self.folders.popleft())
        return self.found

    def _check_root(self) -> None:
        try:
            os.scandir(self.root).close()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise DocumentError(
                f"The folder {str(self.root)!r} cannot be listed ({reason}); choose another one."
            ) from error

    def _enter(self, folder: str) -> None:
        real = os.path.realpath(self.root / folder)
        if real in self.entered:
            return
        if not self._within(real):
            self.found[folder] = _leads_out(folder)
            return
        self.entered.add(real)
        try:
            with os.scandir(self.root / folder) as entries:
                inside = {entry.name: entry for entry in entries}
            if folder and _EXPORT_REPORT in inside and self._exported_here(folder):
                return
            if FILE_NAME in inside:
                inside.pop(CACHE_NAME, None)
            for name, entry in inside.items():
                self._place(entry, f"{folder}/{name}" if folder else name)
        except OSError as error:
            self.found[folder] = (
                f"The folder {folder!r} cannot be listed ({error.strerror}); "
                "change its permissions and scan again."
            )

    def _place(self, entry: os.DirEntry[str], path: str) -> None:
        if _hidden(entry):
            return
        if _is_folder(entry):
            # Links wait until all real folders are done, so that an image is listed where it lies.
            (self.folders.append if entry.is_symlink() else self.folders.appendleft)(path)
        elif os.path.splitext(entry.name)[1].lower() in IMAGE_SUFFIXES:
            out = entry.is_symlink() and not self._within(os.path.realpath(entry.path))
            self.found[path] = _leads_out(path) if out else None

    def _exported_here(self, folder: str) -> bool:
        """Whether the folder is a dataset of ours: its copies and masks are no new photographs."""
        report = self.root / folder / _EXPORT_REPORT
        if not report.is_file():  # a pipe, for one, would never end
            return False
        with report.open("rb") as stream:
            return _EXPORT_MARK in stream.read(_MARK_WITHIN_BYTES)

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self.root)

    def _within(self, real: str) -> bool:
        return real == self._real_root or real.startswith(self._real_root.rstrip(os.sep) + os.sep)


def _drafts(
    root: Path, names: list[tuple[str, str | None]], report: Report | None, limits: Limits
) -> Iterator[ImageDraft]:
    """Read headers on several threads, a bounded number of batches ahead; keep the order."""
    tell = report or (lambda done, total: None)
    tell(0, len(names))
    batches = (names[at : at + _BATCH_FILES] for at in range(0, len(names), _BATCH_FILES))
    waiting: deque[tuple[int, Future[list[ImageDraft]]]] = deque()
    done = 0
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="scan")
    try:
        for batch in batches:
            waiting.append((len(batch), pool.submit(_inspect_batch, root, batch, limits)))
            if len(waiting) < _BATCHES_AHEAD:
                continue
            count, future = waiting.popleft()
            yield from future.result()
            done += count
            tell(done, len(names))
        for count, future in waiting:
            yield from future.result()
            done += count
            tell(done, len(names))
    finally:
        pool.shutdown(cancel_futures=True)


def _inspect_batch(
    root: Path, names: list[tuple[str, str | None]], limits: Limits
) -> list[ImageDraft]:
    return [draft for path, problem in names for draft in _inspect(root, path, problem, limits)]


def _inspect(root: Path, path: str, problem: str | None, limits: Limits) -> list[ImageDraft]:
    if problem is not None:
        return [ImageDraft(path, 0, 0, problem=problem)]
    try:
        pages = inspect_image(root / path, limits)
    except UnreadableImage as error:
        return [ImageDraft(path, 0, 0, problem=str(error))]
    return [ImageDraft(path, facts.width, facts.height, facts.page) for facts in pages]


def _naturally_sorted(paths: set[str]) -> list[str]:
    """Folder by folder, numbers by value, letters without case; ties by the exact name."""
    from natsort import natsort_keygen, ns  # a fiftieth of a second that only scans need

    key = natsort_keygen(alg=ns.IGNORECASE)
    return sorted(paths, key=lambda path: ([key(part) for part in path.split("/")], path))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, for one
        return False


def _hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    if os.name != "nt":
        return False
    flags = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    return bool(flags & stat.FILE_ATTRIBUTE_HIDDEN)


def _leads_out(path: str) -> str:
    return f"The link {path!r} leads out of the folder; copy what it points at into the folder."
