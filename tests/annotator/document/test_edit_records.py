"""Promises of records: edits come back exact from the journal, and nonsense is known as such."""

import random

import numpy as np
import pytest
from document_gestures import TwinHistory, random_cue, random_edits
from hypothesis import given, settings
from hypothesis import strategies as st

from annotator.document import codec
from annotator.document.annotations import CueId, Stroke
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.codec import DamagedPayload
from annotator.document.cue_codec import pack_cue, unpack_cue
from annotator.document.edit_codec import pack_edit, unpack_edit
from annotator.document.edits import AddCue, AddImages
from annotator.document.images import ImageEntry, ImageId


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_every_edit_survives_its_record_and_is_its_inverses_inverse(seed: int) -> None:
    toy, rng = TwinHistory(), random.Random(seed)
    for number in range(12):
        edits = random_edits(rng, toy.project)
        toy.do(f"Gesture {number}", edits)
        for edit in edits:
            assert unpack_edit(pack_edit(edit)) == edit
            assert unpack_edit(pack_edit(edit.inverse())) == edit.inverse()
            assert edit.inverse().inverse() == edit


@given(
    x=st.floats(-1e7, 1e7, width=64),
    y=st.floats(-1e7, 1e7, width=64),
    radius=st.floats(1e-300, 1e7),
)
def test_coordinates_survive_to_the_last_bit(x: float, y: float, radius: float) -> None:
    cue = Stroke(CueId(2**62), BACKGROUND, ((x, y), (y, x)), radius)
    assert unpack_cue(pack_cue(cue)) == cue


@given(seed=st.integers(0, 10**9))
@settings(max_examples=150, deadline=None)
def test_spoilt_records_are_damaged_never_anything_else(seed: int) -> None:
    rng = random.Random(seed)
    blob = bytearray(pack_edit(AddCue(ImageId(1), random_cue(rng, CueId(5), ClassId(1)))))
    match rng.randrange(3):
        case 0:
            blob[rng.randrange(len(blob))] ^= 1 << rng.randrange(8)
        case 1:
            del blob[rng.randrange(len(blob)) :]
        case _:
            blob += rng.randbytes(rng.randint(1, 30))
    with pytest.raises(DamagedPayload):
        unpack_edit(bytes(blob))


@given(
    header=st.dictionaries(
        st.sampled_from(["kind", "id", "target", "counts", "radius", "corners", "shape", "row"]),
        st.none()
        | st.integers(-2, 2**70)
        | st.sampled_from(["Stroke", "Box", "MaskPatch", "Polygon", "AddClass", "LabelPatch"])
        | st.lists(st.integers(-1, 2**40), max_size=5),
    ),
    parts=st.lists(st.binary(max_size=20), max_size=6),
)
def test_well_sealed_nonsense_is_damaged_never_anything_else(
    header: dict[str, object], parts: list[bytes]
) -> None:
    blob = codec.seal(header, parts)
    for unpack in (unpack_edit, unpack_cue):
        with pytest.raises(DamagedPayload):
            unpack(blob)


def test_a_compressed_bomb_is_not_unpacked() -> None:
    bomb = codec.deflate(bytes(50 << 20))
    with pytest.raises(DamagedPayload, match="size differs"):
        codec.inflate(bomb, 1000)
    with pytest.raises(DamagedPayload, match="impossible size"):
        codec.inflate(bomb, 1 << 40)


@given(values=st.lists(st.integers(0, 255), min_size=1, max_size=200))
def test_squeezed_values_come_back(values: list[int]) -> None:
    array = np.array(values, np.uint8)
    assert np.array_equal(codec.expand(codec.squeeze(array), len(values)), array)


def test_adding_a_hundred_thousand_images_is_a_small_record() -> None:
    entries = tuple(
        ImageEntry(ImageId(n), f"2024/street {n % 90}/img_{n:06}.jpg", 4000, 3000)
        for n in range(1, 100_001)
    )
    record = pack_edit(AddImages(entries))
    assert len(record) < 2 << 20
    assert unpack_edit(record) == AddImages(entries)
