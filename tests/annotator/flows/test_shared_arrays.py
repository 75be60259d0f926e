"""What is laid into shared memory comes back the same, and the memory goes back to the system."""

from multiprocessing.shared_memory import SharedMemory
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.flows import shared_arrays
from annotator.flows.lane_messages import PackedMarks
from annotator.flows.shared_arrays import SMALLEST_BYTES, OwnedBlock, VisitedBlock, packed, unpacked
from engines.errors import EngineError
from engines.exchange import Mark, MarkKind


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=5), st.integers())
def test_messages_come_back_with_their_arrays(shapes: list[tuple[int, int]], number: int) -> None:
    draw = np.random.default_rng(0)
    arrays = [draw.integers(0, 255, shape, np.uint8) for shape in shapes]
    flat = np.concatenate([*packed((number, arrays)), np.zeros(9, np.uint8)])
    back, again = unpacked(flat)
    assert back == number
    assert len(again) == len(arrays)
    assert all(np.array_equal(a, b) for a, b in zip(arrays, again, strict=True))


def test_arrays_lie_outside_of_the_pickle() -> None:
    frame = packed(np.zeros(1 << 20, np.uint8))[1]
    assert frame.nbytes < 1000


def test_a_block_grows_answers_and_leaves_nothing_behind() -> None:
    owner, visitor = OwnedBlock(), VisitedBlock()
    names = []
    for room in (10, 3 * SMALLEST_BYTES):
        owner.write({"rows": np.arange(6)}, room=room)
        names.append(owner.name)
        assert visitor.read(owner.name)["rows"].tolist() == list(range(6))
    rows, doubt = np.full((3, 5), 7, np.uint8), np.full((2, 2), 9, np.uint8)
    visitor.write(rows, doubt)
    for written, found in zip((rows, doubt), owner.read((3, 5), (2, 2)), strict=True):
        assert np.array_equal(written, found)
    owner.release()
    assert len(set(names)) == 2
    for name in names:
        with pytest.raises(FileNotFoundError):
            SharedMemory(name=name)


def test_a_full_system_is_told_instead_of_ending_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not shared_arrays._SHARED_FOLDER.is_dir():
        pytest.skip("this system does not say how much shared memory it has")
    usage = SimpleNamespace(free=100)
    monkeypatch.setattr(shared_arrays.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(EngineError, match="shared memory"):
        OwnedBlock().write("anything")


def test_marks_come_back_bit_by_bit_and_boxes_do_not_bind() -> None:
    draw = np.random.default_rng(1)
    kinds = (MarkKind.STROKE, MarkKind.BOX, MarkKind.MASK)
    marks = [
        Mark(k, (3 * k, 5), draw.random((4 + k, 9)) > 0.5, kind) for k, kind in enumerate(kinds)
    ]
    packed_marks = PackedMarks.of(marks)
    assert [m.key for m in packed_marks.marks()] == [m.key for m in marks]
    assert [m.key for m in packed_marks.binding().marks()] == [marks[0].key, marks[2].key]
    assert PackedMarks.of(()).binding().marks() == ()
