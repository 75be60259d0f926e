"""Output names are unique and safe on every file system."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.export.dataset import ExportImage
from annotator.export.names import output_stems, safe_stem


def stems(*names: str, pages: tuple[int, ...] | None = None) -> tuple[str, ...]:
    pages = pages or (0,) * len(names)
    images = [
        ExportImage(name, (1, 1), lambda: None, lambda: None, None, page)  # type: ignore[arg-type,return-value]
        for name, page in zip(names, pages, strict=True)
    ]
    return output_stems(images)


def test_equal_stems_in_different_folders_keep_their_folder() -> None:
    assert stems("left/a.png", "right/a.png") == ("left/a", "right/a")


def test_equal_stems_of_different_extensions_are_numbered() -> None:
    assert stems("a.png", "a.jpg", "A.tif") == ("a", "a_2", "A_3")


def test_a_numbered_name_does_not_hit_a_real_one() -> None:
    assert len(set(stems("a_2.png", "a.png", "a.jpg"))) == 3


def test_pages_carry_their_number() -> None:
    assert stems("scan.tif", "scan.tif", pages=(0, 3)) == ("scan_p0000", "scan_p0003")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("../../etc/passwd.png", "etc/passwd"),
        ("..\\..\\x.png", "x"),
        ("/somewhere/private/x.png", "x"),
        ("C:\\pictures\\x.png", "x"),
        ("C:x.png", "x"),
        ("con.png", "_con"),
        ("aux/LPT1.jpeg", "_aux/_LPT1"),
        ("com¹.png", "_com¹"),
        ('a<b>:"|?*.png', "a_b______"),
        ("dots...png", "dots"),
        (" x .png", "x"),
        ("folder.png/x.png", "folder.png_/x"),
        ("", "image"),
        ("..", "image"),
        ("two.dots.png", "two.dots"),
        ("\u202egnp.exe.png", "_gnp.exe"),
    ],
)  # fmt: skip
def test_dangerous_names_become_plain(name: str, stem: str) -> None:
    assert safe_stem(name) == stem


def test_very_long_names_stay_below_what_file_systems_take() -> None:
    long = "ä" * 400
    first, second = stems(f"{long}1.png", f"{long}2.png")
    assert first != second
    assert all(len(part.encode()) < 200 for part in (first, second))


def test_deep_folders_are_joined() -> None:
    assert safe_stem("/".join("abcdefghijklmnop") + "/x.png").count("/") <= 8


@given(st.lists(st.text(max_size=12), min_size=1, max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_names_become_distinct_relative_paths(names: list[str]) -> None:
    found = stems(*names)
    keys = {unicodedata.normalize("NFC", stem).casefold() for stem in found}
    assert len(keys) == len(names)
    for stem in found:
        assert stem
        assert not stem.startswith("/")
        assert all(part and part not in (".", "..") for part in stem.split("/"))
        assert not set(stem) & set('<>:"|?*\\\0')
        stem.encode()
