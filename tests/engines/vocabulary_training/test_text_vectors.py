"""Promises of text vectors: names once each, fewer numbers keep who is near to whom, rules hold."""

import json
from pathlib import Path

import pytest
import torch
from word_data import put_texts

from engines.errors import EngineError
from engines.evaluation.names import COCO_NAMES
from engines.vocabulary_training.text_vectors import held_out_names, narrowed_names, read_names


def test_every_name_stands_once_with_a_vector_of_unit_length(tmp_path: Path) -> None:
    known = read_names(put_texts(tmp_path))
    assert len(known.names) == len(set(known.names)) == 80 + 5
    assert torch.allclose(known.vectors.norm(dim=1), torch.ones(85), atol=1e-5)


def test_narrowing_takes_the_shared_mean_away_and_keeps_neighbours(tmp_path: Path) -> None:
    wide = read_names(put_texts(tmp_path))
    narrow = narrowed_names(wide, 16)
    assert narrow.vectors.shape == (85, 16)
    assert float((wide.vectors @ wide.vectors.T).mean()) > 0.4  # all alike before
    likeness = narrow.vectors @ narrow.vectors.T
    assert abs(float(likeness.mean())) < 0.1
    apple, synonym = (narrow.names.index(name) for name in ("apple", "red_apple"))
    assert float(likeness[apple, synonym]) == pytest.approx(1.0, abs=1e-4)


def test_held_out_names_follow_the_rule_and_take_their_synonyms_along(tmp_path: Path) -> None:
    known = narrowed_names(read_names(put_texts(tmp_path)), 24)
    held = held_out_names(known, 4)
    wanted = {*sorted(COCO_NAMES)[::4], "aeroplane"}  # airplane is the first of them
    assert held == wanted
    assert held_out_names(known, 0) == frozenset()


def test_names_without_their_vectors_are_refused(tmp_path: Path) -> None:
    put_texts(tmp_path)
    file = tmp_path / "clip_rn50_text.names.json"
    names = json.loads(file.read_text())
    names["coco"].append("one more")
    file.write_text(json.dumps(names))
    with pytest.raises(EngineError, match="one vector for each name of 'coco'"):
        read_names(tmp_path)
    file.write_text("[" * 100_000)
    with pytest.raises(EngineError, match="cannot be read"):
        read_names(tmp_path)
    with pytest.raises(EngineError, match="cannot be read"):
        read_names(tmp_path / "nowhere")
