"""Promises of scanning: every image once, in natural order; what is wrong is told, never fatal."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from document_pictures import PICTURE, H, W, png_claiming, save, save_tiff

from annotator.document.errors import DocumentError
from annotator.document.folder_scan import ImageDraft, scan_folder
from annotator.document.image_headers import Limits
from annotator.document.image_reading import read_pixels

needs_links = pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
not_for_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all"
)


def place(root: Path, name: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return save(path.parent, PICTURE, path.name)


def paths(root: Path, **options: object) -> list[str]:
    return [draft.path for draft in scan_folder(root, **options)]


def problems(root: Path) -> dict[str, str]:
    return {draft.path: draft.problem for draft in scan_folder(root) if draft.problem is not None}


def test_images_are_listed_in_natural_order_folder_by_folder(tmp_path: Path) -> None:
    for name in (
        "img10.png",
        "img2.png",
        "IMG1.png",
        "b/9.png",
        "b/10.png",
        "a10/x.png",
        "a9/x.png",
    ):
        place(tmp_path, name)
    assert paths(tmp_path) == [
        "a9/x.png", "a10/x.png", "b/9.png", "b/10.png", "IMG1.png", "img2.png", "img10.png",
    ]  # fmt: skip


def test_a_draft_tells_path_and_size(tmp_path: Path) -> None:
    place(tmp_path, "sub/deeper/a.png")
    assert list(scan_folder(tmp_path)) == [ImageDraft("sub/deeper/a.png", W, H)]


def test_the_same_name_in_two_folders_is_two_images(tmp_path: Path) -> None:
    place(tmp_path, "one/a.png")
    place(tmp_path, "two/a.png")
    assert paths(tmp_path) == ["one/a.png", "two/a.png"]


def test_hidden_names_and_other_kinds_of_files_are_passed_over(tmp_path: Path) -> None:
    for name in (".hidden.png", ".cache/a.png", "sub/._a.png", "seen.PNG"):
        place(tmp_path, name)
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "no_suffix").write_bytes(b"x")
    assert paths(tmp_path) == ["seen.PNG"]


def test_every_page_of_a_tiff_is_a_draft(tmp_path: Path) -> None:
    save_tiff(tmp_path, np.stack([PICTURE, PICTURE]), photometric="rgb")
    assert list(scan_folder(tmp_path)) == [
        ImageDraft("page.tif", W, H, 0),
        ImageDraft("page.tif", W, H, 1),
    ]


def test_files_that_fail_are_listed_with_their_reason_among_the_others(tmp_path: Path) -> None:
    place(tmp_path, "a.png")
    place(tmp_path, "z.png")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.png").write_text("I am no picture")
    (tmp_path / "bomb.png").write_bytes(png_claiming(100_000, 100_000))
    drafts = list(scan_folder(tmp_path))
    assert [draft.path for draft in drafts] == [
        "a.png",
        "bomb.png",
        "empty.jpg",
        "text.png",
        "z.png",
    ]
    assert [draft.width for draft in drafts] == [W, 0, 0, 0, W]
    told = problems(tmp_path)
    assert "100000 x 100000" in told["bomb.png"]
    assert "empty" in told["empty.jpg"]
    assert "not a JPEG" in told["text.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.timeout(20)
def test_a_pipe_called_an_image_never_blocks_a_scan(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "not a regular file" in problems(tmp_path)["pipe.png"]


def test_known_images_are_not_listed_again(tmp_path: Path) -> None:
    for name in ("a.png", "sub/b.png", "c.png"):
        place(tmp_path, name)
    assert paths(tmp_path, known=frozenset(("sub/b.png", "gone.png"))) == ["a.png", "c.png"]


def test_names_are_kept_exactly_as_on_disk_so_that_they_open(tmp_path: Path) -> None:
    names = ["e\u0301.png", "\u00e9.png", "写真 1.png", "a\\b.png", "it's.png"]
    for name in names:
        place(tmp_path, name)
    on_disk = sorted(os.listdir(tmp_path))  # some file systems normalise or refuse on their own
    assert sorted(paths(tmp_path)) == on_disk
    assert all(read_pixels(tmp_path / path).shape == (H, W, 3) for path in paths(tmp_path))


@pytest.mark.skipif(os.name != "posix", reason="only there are names plain bytes")
def test_a_name_that_is_no_unicode_is_listed_and_opens(tmp_path: Path) -> None:
    place(tmp_path, "a.png")
    odd = os.fsencode(tmp_path) + b"/caf\xe9.png"
    try:
        os.rename(tmp_path / "a.png", odd)
    except OSError:
        pytest.skip("this file system refuses such names")
    (draft,) = scan_folder(tmp_path)
    assert draft.problem is None
    assert read_pixels(tmp_path / draft.path).shape == (H, W, 3)


@needs_links
def test_links_out_of_the_folder_are_told_and_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    place(tmp_path, "outside/secret.png")
    place(root, "a.png")
    (root / "file.png").symlink_to(tmp_path / "outside/secret.png")
    (root / "folder").symlink_to(tmp_path / "outside")
    (root / "up").symlink_to(tmp_path)
    (root / "rootlike").symlink_to(tmp_path / "root_and_more")
    place(tmp_path, "root_and_more/x.png")
    told = problems(root)
    assert set(told) == {"file.png", "folder", "up", "rootlike"}
    assert all("leads out of the folder" in problem for problem in told.values())
    assert paths(root) == ["a.png", "file.png", "folder", "rootlike", "up"]


@needs_links
def test_links_within_the_folder_end_and_list_no_image_twice(tmp_path: Path) -> None:
    place(tmp_path, "real/a.png")
    (tmp_path / "real/self").symlink_to(tmp_path / "real")
    (tmp_path / "real/up").symlink_to("..")
    (tmp_path / "alias").symlink_to("real")
    (tmp_path / "x").symlink_to("y")
    (tmp_path / "y").symlink_to("x")
    assert paths(tmp_path) == ["real/a.png"]


@needs_links
def test_a_link_to_a_hidden_folder_within_is_followed(tmp_path: Path) -> None:
    place(tmp_path, ".store/v1/a.png")
    (tmp_path / "data").symlink_to(".store")
    (tmp_path / "again").symlink_to(".store/v1")
    found = paths(tmp_path)
    assert len(found) == 1
    assert read_pixels(tmp_path / found[0]).shape == (H, W, 3)


@needs_links
def test_links_to_images_within_are_images_and_broken_ones_are_told(tmp_path: Path) -> None:
    place(tmp_path, ".objects/1.png")
    (tmp_path / "a.png").symlink_to(".objects/1.png")
    (tmp_path / "b.png").symlink_to("nowhere.png")
    (tmp_path / "c.png").symlink_to("c.png")
    drafts = {draft.path: draft for draft in scan_folder(tmp_path)}
    assert drafts["a.png"].width == W
    assert "no such file" in drafts["b.png"].problem
    assert drafts["c.png"].problem


@needs_links
def test_a_root_that_is_a_link_itself_is_scanned(tmp_path: Path) -> None:
    place(tmp_path, "real/sub/a.png")
    (tmp_path / "link").symlink_to("real")
    assert paths(tmp_path / "link") == ["sub/a.png"]


@pytest.mark.skipif(os.name != "posix", reason="folders have no such permissions there")
def test_a_read_only_folder_is_scanned(tmp_path: Path) -> None:
    place(tmp_path, "sub/a.png")
    (tmp_path / "sub").chmod(0o555)
    try:
        before = sorted(tmp_path.rglob("*"))
        assert paths(tmp_path) == ["sub/a.png"]
        assert sorted(tmp_path.rglob("*")) == before
    finally:
        (tmp_path / "sub").chmod(0o755)


@not_for_root
def test_a_locked_folder_is_told_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    place(tmp_path, "a/x.png")
    place(tmp_path, "locked/x.png")
    place(tmp_path, "z/x.png")
    (tmp_path / "locked").chmod(0)
    try:
        assert paths(tmp_path) == ["a/x.png", "locked", "z/x.png"]
        assert "cannot be listed" in problems(tmp_path)["locked"]
    finally:
        (tmp_path / "locked").chmod(0o755)


def test_a_folder_that_fails_to_list_is_told_and_does_not_stop_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(tmp_path, "bad/x.png")
    place(tmp_path, "good/x.png")
    scandir = os.scandir

    def failing(path: Path) -> object:
        if Path(path).name == "bad":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    assert paths(tmp_path) == ["bad", "good/x.png"]
    assert "'bad' cannot be listed (Permission denied)" in problems(tmp_path)["bad"]


def test_a_folder_called_like_an_image_is_entered(tmp_path: Path) -> None:
    place(tmp_path, "album.jpg/a.png")
    assert paths(tmp_path) == ["album.jpg/a.png"]


def test_a_root_that_cannot_be_listed_is_an_error_at_once(tmp_path: Path) -> None:
    place(tmp_path, "file.png")
    for root in (tmp_path / "absent", tmp_path / "file.png", tmp_path / "a\0b"):
        with pytest.raises(DocumentError, match=r"cannot be listed .*; choose another one\."):
            scan_folder(root)


def test_an_empty_folder_gives_nothing(tmp_path: Path) -> None:
    assert paths(tmp_path) == []


def test_progress_counts_files_up_to_all_of_them(tmp_path: Path) -> None:
    place(tmp_path, "a.png")
    for number in range(200):
        os.link(tmp_path / "a.png", tmp_path / f"{number}.png")
    told: list[tuple[int, int]] = []
    assert len(paths(tmp_path, report=lambda done, total: told.append((done, total)))) == 201
    assert told[0] == (0, 201)
    assert told[-1] == (201, 201)
    assert told == sorted(told)
    assert len(told) > 3


def test_a_scan_stopped_half_way_leaves_no_thread_behind(tmp_path: Path) -> None:
    place(tmp_path, "a.png")
    for number in range(300):
        os.link(tmp_path / "a.png", tmp_path / f"{number}.png")
    drafts = scan_folder(tmp_path)
    next(drafts)
    drafts.close()

    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(scan_folder(tmp_path, report=stop))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("scan")]


def test_order_does_not_depend_on_how_threads_run(tmp_path: Path) -> None:
    place(tmp_path, "a.png")
    for number in range(500):
        os.link(tmp_path / "a.png", tmp_path / f"{number}.png")
    assert paths(tmp_path) == [*(f"{number}.png" for number in range(500)), "a.png"]


def test_limits_are_handed_on(tmp_path: Path) -> None:
    place(tmp_path, "a.png")
    (draft,) = scan_folder(tmp_path, limits=Limits(max_side=10))
    assert "at most 10 a side" in draft.problem
