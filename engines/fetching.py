"""Fetching weights that a person asked for by name: one address, resumed, checked, then imported.

Nothing here runs unasked, and only addresses of the closed table are ever visited.
"""

import errno
import hashlib
import http.client
import shutil
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from engines.backbones.importing import ImportedWeights, import_weights
from engines.backbones.published import Published
from engines.errors import EngineError, UnusableWeights
from engines.folders import models_folder
from engines.reporting import Reporter
from engines.weight_files import SIZE_LIMIT_BYTES
from engines.weights import find_weights, list_weights, store_card

PART = ".part"
ATTEMPTS = 6  # a connection that breaks is taken up again so often before the person is asked
PAUSE_S = 1.0
_PATIENCE_S = 30.0  # without a byte
_PIECE_BYTES = 256 * 1024
_COPIES = 2  # the file fetched and the one the shelf keeps, until the first is deleted
_MB = 1e6
_BROKEN = (http.client.HTTPException, TimeoutError, ConnectionError, urllib.error.URLError)


class _BrokenOff(Exception):
    """The connection ended early; what came is kept in the part."""


class _Stale(_BrokenOff):
    """The part is not the beginning of what the server has now."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a server said: from which byte it sends, and how long the whole is (None: not told)."""

    start: int
    total: int | None


def fetch(
    one: Published, reporter: Reporter, models_dir: Path | None = None, *, pause_s: float = PAUSE_S
) -> ImportedWeights:
    """Fetch, check and import; the weights then stand on the shelf under their name in the table.

    Cancelled or broken off, what came stays in a part, and the next call goes on from there. Raises
    `Cancelled`, `UnusableWeights` for a file that is not what was published, else `EngineError`.
    """
    folder = (models_dir or models_folder()) / "fetched"
    suffix = Path(urlsplit(one.url).path).suffix
    file = folder / f"{one.name}{suffix}"
    digest = download(one.url, file, reporter, sha256=one.sha256, pause_s=pause_s)
    reporter.progress(1.0, "checking")
    before = {card.name: card for card in list_weights(models_dir)}.get(one.name)
    try:
        imported = import_weights(
            file, network=one.architecture, preprocessing=one.preprocessing, licence=one.licence,
            name=one.name, models_dir=models_dir,
        )  # fmt: skip
    finally:
        file.unlink(missing_ok=True)  # the shelf has its own; a wrong one is of no use
    card = find_weights(one.name, models_dir)
    card = replace(card, pretraining=one.pretraining, origin=one.url, origin_digest=digest)
    card = store_card(card, models_dir)
    known = before.origin_digest if before is not None and before.origin == one.url else ""
    lines = (*imported.lines, _about_digest(one, digest, known), f"Licence: {one.licence}.")
    return replace(imported, card=card, lines=lines)


def download(
    url: str, file: Path, reporter: Reporter, *, sha256: str = "", pause_s: float = PAUSE_S
) -> str:
    """Bring ``url`` to ``file`` by way of ``file``.part; the sha256 of what came.

    ``sha256`` is what that must be or begin with, where it is known.
    """
    part = file.with_name(file.name + PART)
    for attempt in range(ATTEMPTS):
        had = _size(part)
        try:
            digest = _go_on(url, part, reporter)
            break
        except (_BrokenOff, *_BROKEN) as error:
            if _fatal(error):
                raise EngineError(f"{url} cannot be fetched: {_reason(error)}.") from error
            if isinstance(error, _Stale):
                part.unlink(missing_ok=True)
            if attempt + 1 == ATTEMPTS:
                raise _told_break(url, part, error) from error
        except OSError as error:
            raise _told_disk(part, error) from error
        reporter.raise_if_cancelled()
        if _size(part) <= had:
            time.sleep(pause_s)
    if not digest.startswith(sha256):
        part.unlink(missing_ok=True)
        raise UnusableWeights(
            f"What came from {url} is not the file that was published (its sha256 begins with "
            f"{digest[:8]} instead of {sha256[:8]}); it was deleted. Try again later."
        )
    part.replace(file)
    return digest


def _go_on(url: str, part: Path, reporter: Reporter) -> str:
    """Fetch what is missing of ``part``; the sha256 of the whole."""
    part.parent.mkdir(parents=True, exist_ok=True)
    running, had = _digest_of(part, reporter)
    with _opened(url, had) as reply:
        answer = _answer(reply.status, reply.headers, had)
        if answer.start == 0 and had:
            running, had = hashlib.sha256(), 0  # the server does not resume, or has another file
        if answer.total is not None and answer.total != had:
            _check_room(part.parent, answer.total, answer.total - had)
        with part.open("ab" if had else "wb") as stream:
            while had != answer.total:
                reporter.raise_if_cancelled()
                piece = reply.read(_PIECE_BYTES)
                if not piece:
                    break
                stream.write(piece)
                running.update(piece)
                had += len(piece)
                if had > SIZE_LIMIT_BYTES:
                    raise UnusableWeights(f"{url} sends more than weights may have.")
                reporter.progress(had / (answer.total or SIZE_LIMIT_BYTES), f"{had / _MB:.0f} MB")
    if answer.total is not None and had != answer.total:
        raise _BrokenOff(f"the connection ended at {had:,} of {answer.total:,} bytes")
    digest: str = running.hexdigest()
    return digest


def _opened(url: str, had: int) -> Any:
    """The reply of the server, from byte ``had`` on where it can."""
    headers = {"User-Agent": "annotator", "Accept-Encoding": "identity"}
    if had:
        headers["Range"] = f"bytes={had}-"
    request = urllib.request.Request(url, headers=headers)
    opener = urllib.request.build_opener(_SafeRedirects)
    try:
        return opener.open(request, timeout=_PATIENCE_S)
    except urllib.error.HTTPError as refusal:
        if refusal.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and had:
            return refusal  # nothing beyond what is there: `_answer` reads how long the whole is
        raise


def _answer(status: int, headers: Message, had: int) -> _Answer:
    """From the status and headers of a reply to a wish for bytes ``had`` and on."""
    if status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        told = headers.get("Content-Range", "").rpartition("/")[2]
        if told == str(had):
            return _Answer(had, had)  # it was whole already
        raise _Stale("what was fetched before is longer than the file")
    length = headers.get("Content-Length", "")
    size = int(length) if length.isdecimal() else None
    if status == http.client.PARTIAL_CONTENT:
        span, _, total = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        if span.partition("-")[0] != str(had):
            raise _Stale("the server sent another piece than it was asked for")
        return _Answer(had, int(total) if total.isdecimal() else size and had + size)
    return _Answer(0, size)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect, but never from an encrypted address to an open one."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
        headers: http.client.HTTPMessage, newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        """The next request; `URLError` for an address that is not encrypted."""
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            raise EngineError(f"{req.full_url} leads to an address that is not encrypted.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _digest_of(part: Path, reporter: Reporter) -> tuple[Any, int]:
    """The running sha256 of what came before, and how many bytes that are."""
    running, had = hashlib.sha256(), 0
    if part.exists():
        with part.open("rb") as stream:
            while piece := stream.read(4 * _PIECE_BYTES):
                reporter.raise_if_cancelled()
                running.update(piece)
                had += len(piece)
    return running, had


def _check_room(folder: Path, total: int, missing: int) -> None:
    if total > SIZE_LIMIT_BYTES:
        raise UnusableWeights(
            f"The server offers {total / 2**30:.1f} GiB; weights of more than "
            f"{SIZE_LIMIT_BYTES / 2**30:.0f} GiB are not fetched."
        )
    wanted = missing + (_COPIES - 1) * total
    if shutil.disk_usage(folder).free < wanted:
        raise EngineError(
            f"The disk of {folder} has no room for {wanted / _MB:,.0f} MB; free some and fetch "
            "again."
        )


def _fatal(error: Exception) -> bool:
    """Whether trying again is of no use: the server knows the address and refuses."""
    return isinstance(error, urllib.error.HTTPError) and 400 <= error.code < 500


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"no connection ({error.reason})"
    return str(error) or type(error).__name__


def _told_break(url: str, part: Path, error: Exception) -> EngineError:
    return EngineError(
        f"{url} could not be fetched whole: {_reason(error)}; {_size(part) / _MB:,.1f} MB are "
        "kept, so run the command again to go on from there."
    )


def _told_disk(part: Path, error: OSError) -> EngineError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    what = "The disk is full" if full else f"{part} cannot be written ({error.strerror or error})"
    return EngineError(f"{what}; what came so far is kept in {part.name}. Free room and go on.")


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _about_digest(one: Published, digest: str, known: str) -> str:
    """How sure it is that this is the file that was published, one sentence."""
    if one.sha256:
        return f"Its sha256 begins with {one.sha256}, as published."
    if not known:
        return f"Nobody publishes a checksum of it; its sha256 {digest} is recorded."
    if known == digest:
        return "Nobody publishes a checksum of it; it is the same file as fetched before."
    return f"Take care: it is another file than the one fetched before (sha256 {known[:8]}...)."
