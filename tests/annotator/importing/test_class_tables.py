"""Tables of classes are read in every common spelling, and refused in one sentence otherwise."""

from pathlib import Path

import pytest

from annotator.importing.class_tables import TABLE_LIMIT_BYTES, read_class_table
from annotator.importing.errors import UnreadableLabels


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("classes.json", '{"classes": [{"id": 1, "name": "cat"}, {"id": 3, "name": "coin"}]}'),
        ("classes.json", '[{"id": 3, "name": "coin"}, {"id": 1, "name": " cat "}]'),
        ("classes.json", '{"1": "cat", "3": "coin", "0": "background", "255": "ignore"}'),
        ("classes.csv", "id,name,red\r\n1,cat,5\r\n3,coin,6\r\n"),
        ("labels.txt", "1 cat\n3: coin\n"),
    ],
)
def test_every_spelling_gives_the_same_names(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_class_table(tmp_path) == {1: "cat", 3: "coin"}


@pytest.mark.parametrize(
    "first", ["", "background\n", "__ignore__\n_background_\n", "__ignore__\n"]
)
def test_names_by_line_start_at_one(tmp_path: Path, first: str) -> None:
    (tmp_path / "labels.txt").write_text(first + "cat\ncoin\n")
    assert read_class_table(tmp_path) == {1: "cat", 2: "coin"}


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "3",
        "null",
        '{"a": "b"}',
        '[{"id": 1}]',
        '{"1": 5}',
        '{"-1": "x"}',
        '{"1": ""}',
        '{"1": "\\u0007"}',
        '[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]',
        "[" * 100_000,
        " " * (TABLE_LIMIT_BYTES + 1),
    ],
    ids=range(12),
)
def test_nonsense_is_refused_with_the_name_of_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "classes.json").write_text(text)
    with pytest.raises(UnreadableLabels, match=r"classes\.json"):
        read_class_table(tmp_path)


def test_no_table_is_no_fault(tmp_path: Path) -> None:
    assert read_class_table(tmp_path) == {}
