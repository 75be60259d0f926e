"""Promises of fetching: resumed, checked, cancelled without loss; the server is never believed."""

import errno
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from foreign_toys import drawn

from engines import fetching
from engines.backbones.architectures import tensor_shapes
from engines.backbones.published import Published
from engines.backbones.timm_nets import build_timm
from engines.errors import Cancelled, EngineError, UnusableWeights
from engines.fetching import download, fetch
from engines.reporting import CancelToken, SilentReporter
from engines.weights import find_weights, list_weights, load_weights


@dataclass
class Shop:
    """A server of one file, and how it behaves. ``asked``: the Range of every request."""

    content: bytes
    breaks_after: int | None = None  # bytes per reply, after which the connection is cut
    told_length: int | None = None  # what it says instead of the truth
    resumes: bool = True
    chunked: bool = False  # tells no length
    status: int = 200
    redirect: str = ""
    address: str = ""
    asked: list[str | None] = field(default_factory=list)


class Counter(BaseHTTPRequestHandler):
    """Serves its shop's file."""

    shop: Shop

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        shop = self.shop
        wish = self.headers.get("Range")
        shop.asked.append(wish)
        if shop.redirect:
            self.send_response(302)
            self.send_header("Location", shop.redirect)
            self.end_headers()
            return
        if shop.status != 200:
            self.send_error(shop.status)
            return
        start = int(wish.removeprefix("bytes=").rstrip("-")) if wish and shop.resumes else 0
        total = shop.told_length or len(shop.content)
        if start and start >= len(shop.content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(shop.content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        if not shop.chunked:
            self.send_header("Content-Length", str(total - start))
        self.end_headers()
        body = shop.content[start:]
        self.wfile.write(body if shop.breaks_after is None else body[: shop.breaks_after])
        self.close_connection = True


@pytest.fixture
def shop() -> Iterator[Shop]:
    one = Shop(bytes(range(256)) * 4000)  # 1 MB
    handler: Any = type("OfThisShop", (Counter,), {"shop": one})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    one.address = f"http://127.0.0.1:{server.server_address[1]}/weights.safetensors"
    yield one
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("engines.weights.embedded_models", lambda: None)
    monkeypatch.setattr("engines.fetching.PAUSE_S", 0.0)
    return tmp_path / "models"


def bring(shop: Shop, folder: Path, **wishes: Any) -> str:
    file = folder / "x.safetensors"
    return download(shop.address, file, SilentReporter(), pause_s=0, **wishes)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Noting(SilentReporter):
    """Remembers what it was told, and cancels at a share of the work."""

    def __init__(self, stop_at: float = 2.0) -> None:
        self.token = CancelToken()
        super().__init__(self.token)
        self.seen: list[float] = []
        self._stop_at = stop_at

    def progress(self, fraction: float, message: str = "") -> None:
        self.seen.append(fraction)
        if fraction >= self._stop_at:
            self.token.cancel()


def test_a_file_comes_whole_and_progress_only_grows(shop: Shop, tmp_path: Path) -> None:
    noting = Noting()
    file = tmp_path / "deep" / "x.safetensors"
    assert download(shop.address, file, noting, pause_s=0) == sha(shop.content)
    assert file.read_bytes() == shop.content
    assert list(file.parent.iterdir()) == [file]
    assert noting.seen == sorted(noting.seen)
    assert noting.seen[-1] == 1.0


def test_a_connection_that_breaks_is_taken_up_where_it_broke(shop: Shop, tmp_path: Path) -> None:
    shop.breaks_after = 400_000
    assert bring(shop, tmp_path) == sha(shop.content)
    assert shop.asked == [None, "bytes=400000-", "bytes=800000-"]


def test_one_that_keeps_breaking_is_told_and_the_next_call_goes_on(
    shop: Shop, tmp_path: Path
) -> None:
    shop.breaks_after = 100_000
    with pytest.raises(EngineError, match=r"600,000 of 1,024,000 bytes; 0\.6 MB are kept"):
        bring(shop, tmp_path)
    part = tmp_path / "x.safetensors.part"
    assert part.read_bytes() == shop.content[:600_000]
    shop.breaks_after = None
    assert bring(shop, tmp_path) == sha(shop.content)
    assert shop.asked[-1] == "bytes=600000-"
    assert not part.exists()


def test_a_server_that_does_not_resume_sends_it_all_again(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors.part").write_bytes(b"something older" * 1000)
    shop.resumes = False
    assert bring(shop, tmp_path) == sha(shop.content)


def test_a_part_that_is_whole_already_is_not_fetched_again(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors.part").write_bytes(shop.content)
    assert bring(shop, tmp_path) == sha(shop.content)
    assert shop.asked == ["bytes=1024000-"]


def test_a_part_longer_than_the_file_is_thrown_away(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors.part").write_bytes(shop.content + b"more")
    assert bring(shop, tmp_path) == sha(shop.content)


def test_a_server_that_tells_too_great_a_length_is_not_waited_for(
    shop: Shop, tmp_path: Path
) -> None:
    shop.told_length = len(shop.content) + 500
    digest = bring(shop, tmp_path)  # asked for the rest, it admits that there is none
    assert digest == sha(shop.content)


def test_a_server_that_tells_too_small_a_length_is_found_out_by_the_checksum(
    shop: Shop, tmp_path: Path
) -> None:
    shop.told_length = 5000
    with pytest.raises(UnusableWeights, match=r"not the file that was published.*deleted"):
        bring(shop, tmp_path, sha256=sha(shop.content)[:8])
    assert list(tmp_path.iterdir()) == []


def test_a_length_that_is_not_told_is_no_hindrance(shop: Shop, tmp_path: Path) -> None:
    shop.chunked = True
    assert bring(shop, tmp_path, sha256=sha(shop.content)) == sha(shop.content)


def test_more_than_weights_may_have_is_stopped(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "SIZE_LIMIT_BYTES", 500_000)
    with pytest.raises(UnusableWeights, match="are not fetched"):
        bring(shop, tmp_path)
    shop.chunked = True
    with pytest.raises(UnusableWeights, match="more than weights may have"):
        bring(shop, tmp_path)


def test_cancelling_keeps_what_came(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "x.safetensors"
    with pytest.raises(Cancelled):
        download(shop.address, file, Noting(stop_at=0.3), pause_s=0)
    kept = file.with_name("x.safetensors.part").stat().st_size
    assert 0 < kept < len(shop.content)
    assert bring(shop, tmp_path) == sha(shop.content)
    assert shop.asked[-1] == f"bytes={kept}-"


def test_a_full_disk_is_one_sentence_and_keeps_the_part(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    part = tmp_path / "x.safetensors.part"
    part.write_bytes(shop.content[:1000])
    with monkeypatch.context() as patched:
        patched.setattr(fetching, "_check_room", full)
        with pytest.raises(EngineError, match=r"disk is full.*x\.safetensors\.part"):
            bring(shop, tmp_path)
    assert part.read_bytes() == shop.content[:1000]
    assert bring(shop, tmp_path) == sha(shop.content)


def test_a_disk_with_too_little_room_is_noticed_before(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 1_500_000})
    monkeypatch.setattr("shutil.disk_usage", lambda _folder: usage)
    with pytest.raises(EngineError, match="no room for 2 MB"):
        bring(shop, tmp_path)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_told_at_once(status: int, shop: Shop, tmp_path: Path) -> None:
    shop.status = status
    with pytest.raises(EngineError, match=f"the server says {status}"):
        bring(shop, tmp_path)
    assert len(shop.asked) == 1


def test_a_server_in_trouble_is_asked_again(shop: Shop, tmp_path: Path) -> None:
    shop.status = 503
    with pytest.raises(EngineError, match="the server says 503"):
        bring(shop, tmp_path)
    assert len(shop.asked) == fetching.ATTEMPTS


def test_nobody_at_the_address_is_one_sentence(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/weights.pth"
    with pytest.raises(EngineError, match="no connection"):
        download(url, tmp_path / "x.pth", SilentReporter(), pause_s=0)


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_a_redirect_out_of_the_web_is_not_followed(target: str, shop: Shop, tmp_path: Path) -> None:
    shop.redirect = target
    with pytest.raises(EngineError):
        bring(shop, tmp_path)
    assert not list(tmp_path.glob("x.safetensors"))


def test_a_redirect_to_an_open_address_is_not_followed() -> None:
    request = fetching.urllib.request.Request("https://example.org/a")
    with pytest.raises(EngineError, match="not encrypted"):
        fetching._SafeRedirects().redirect_request(
            request, None, 302, "", None, "http://example.org/b"
        )


def weights_row(shop: Shop) -> Published:
    return Published(
        "toy_net", "Toy", "timm:test_convnext", shop.address, 0.5, "Free", "a toy set",
        preprocessing="half",
    )  # fmt: skip


def test_fetched_weights_stand_on_the_shelf_with_their_origin(shop: Shop, shelf: Path) -> None:
    shop.content = safetensors.torch.save(drawn(build_timm("test_convnext")))
    fetched = fetch(weights_row(shop), SilentReporter(), shelf, pause_s=0)
    card = find_weights("toy_net", shelf)
    assert card == fetched.card
    assert (card.licence, card.pretraining, card.origin) == ("Free", "a toy set", shop.address)
    assert card.origin_digest == sha(shop.content)
    assert load_weights(card, shelf)
    assert not list((shelf / "fetched").iterdir())
    told = " ".join(fetched.lines)
    assert "Nobody publishes a checksum" in told
    assert sha(shop.content) in told
    assert "Licence: Free." in told


def test_a_second_fetch_says_whether_it_is_the_same_file(shop: Shop, shelf: Path) -> None:
    row = weights_row(shop)
    shop.content = safetensors.torch.save(drawn(build_timm("test_convnext")))
    fetch(row, SilentReporter(), shelf, pause_s=0)
    again = fetch(row, SilentReporter(), shelf, pause_s=0)
    assert any("the same file as fetched before" in line for line in again.lines)
    shop.content = safetensors.torch.save(drawn(build_timm("test_convnext"), seed=4))
    other = fetch(row, SilentReporter(), shelf, pause_s=0)
    assert any("another file than the one fetched before" in line for line in other.lines)


def test_a_published_checksum_is_told_as_kept(shop: Shop, shelf: Path) -> None:
    shop.content = safetensors.torch.save(drawn(build_timm("test_convnext")))
    row = replace(weights_row(shop), sha256=sha(shop.content)[:8])
    lines = fetch(row, SilentReporter(), shelf, pause_s=0).lines
    assert any("as published" in line for line in lines)


def test_networks_of_torchvision_come_by_the_same_way(shop: Shop, shelf: Path) -> None:
    tensors = {k: torch.full(v, 0.01) for k, v in tensor_shapes("squeezenet1_1").items()}
    shop.content = safetensors.torch.save(tensors)
    row = replace(weights_row(shop), name="squeezenet1_1", architecture="squeezenet1_1")
    row = replace(row, preprocessing="imagenet")
    assert fetch(row, SilentReporter(), shelf, pause_s=0).card.name == "squeezenet1_1"


def test_what_is_no_file_of_weights_leaves_nothing_behind(shop: Shop, shelf: Path) -> None:
    shop.content = b"<html>log in first</html>"
    with pytest.raises(UnusableWeights, match="not a whole safetensors file"):
        fetch(weights_row(shop), SilentReporter(), shelf, pause_s=0)
    assert not list((shelf / "fetched").iterdir())
    assert list_weights(shelf) == ()
