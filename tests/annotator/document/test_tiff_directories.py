"""Promises of TIFF directories: the numbers of each page, and no trap in their chain."""

import io
import struct

import pytest

from annotator.document.tiff_directories import (
    Directory,
    DirectoryError,
    directories,
    exif_orientation,
)


def chain(pages: list[dict[int, int]], *, order: str = "<", closing: int = 0) -> bytes:
    """A classic TIFF of directories alone; ``closing`` is what the last one points at."""
    data = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    for number, page in enumerate(pages):
        after = len(data) + 2 + 12 * len(page) + 4
        data += struct.pack(order + "H", len(page))
        for tag, value in page.items():
            data += struct.pack(order + "HHII", tag, 4, 1, value)
        data += struct.pack(order + "I", after if number + 1 < len(pages) else closing)
    return data


def read(data: bytes) -> list[Directory]:
    return list(directories(io.BytesIO(data)))


@pytest.mark.parametrize("order", ["<", ">"])
def test_every_page_tells_its_size_and_orientation(order: str) -> None:
    pages = [{256: 40, 257: 30}, {256: 4, 257: 3, 274: 6}, {254: 1, 256: 2, 257: 2}]
    assert read(chain(pages, order=order)) == [
        Directory(40, 30, 1, False),
        Directory(4, 3, 6, False),
        Directory(2, 2, 1, True),
    ]


def test_masks_and_old_style_previews_are_known_for_what_they_are() -> None:
    pages = [{256: 4, 257: 3, 254: 4}, {256: 4, 257: 3, 255: 2}, {256: 4, 257: 3, 254: 2}]
    assert [page.preview for page in read(chain(pages))] == [True, True, False]


def test_a_chain_that_bites_its_tail_is_refused_after_its_true_pages() -> None:
    pages = directories(io.BytesIO(chain([{256: 1}, {256: 2}], closing=8)))
    assert [next(pages).width, next(pages).width] == [1, 2]
    with pytest.raises(DirectoryError, match="circle"):
        next(pages)


@pytest.mark.parametrize("closing", [9_999, 2**32 - 1])
def test_a_chain_that_leads_out_of_the_file_is_refused(closing: int) -> None:
    with pytest.raises(DirectoryError, match="cut off"):
        read(chain([{256: 1}], closing=closing))


def test_a_chain_cut_anywhere_is_refused() -> None:
    whole = chain([{256: 40, 257: 30}, {256: 4, 257: 3}])
    for length in range(4, len(whole)):
        with pytest.raises(DirectoryError):
            read(whole[:length])


def test_a_field_of_many_values_or_of_another_type_is_passed_over() -> None:
    data = bytearray(chain([{256: 40, 257: 30}]))
    data[10 + 4 : 10 + 8] = struct.pack("<I", 7)
    assert read(bytes(data)) == [Directory(0, 30, 1, False)]
    data[10 + 2 : 10 + 4] = struct.pack("<H", 2)
    assert read(bytes(data)) == [Directory(0, 30, 1, False)]


def test_a_wide_number_in_a_narrow_field_is_refused() -> None:
    data = bytearray(chain([{256: 40}]))
    data[10 + 2 : 10 + 4] = struct.pack("<H", 16)
    with pytest.raises(DirectoryError, match="width"):
        read(bytes(data))


def test_bytes_of_another_kind_are_refused() -> None:
    with pytest.raises(DirectoryError, match="does not begin"):
        read(b"not a TIFF")


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("prefix", [b"", b"Exif\0\0"])
def test_orientation_is_read_from_an_exif_block(order: str, prefix: bytes) -> None:
    for orientation in range(1, 9):
        assert exif_orientation(prefix + chain([{274: orientation}], order=order)) == orientation


@pytest.mark.parametrize("block", [b"", b"Exif\0\0", b"rubbish", chain([{274: 9}]), chain([{}])])
def test_a_block_without_a_sound_orientation_means_upright(block: bytes) -> None:
    assert exif_orientation(block) == 1
