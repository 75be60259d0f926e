"""What was trained opens by its name in the ordinary session, and only on its own base."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fewshot_toys import masks, scene, support
from panet_data import DEVICE, PLAN, put_weights

from engines.backbones.backbone import MapSpec
from engines.backbones.catalog import open_backbone
from engines.backbones.neck_card import grid_map
from engines.backbones.necks import Neck, side_by_side
from engines.backbones.shelf import backbone_cards
from engines.errors import UnusableWeights
from engines.exchange import Query, Shot
from engines.panet_training.learner import FrozenLevels, NeckLearner
from engines.panet_training.plan import PanetPlan
from engines.panet_training.pool import EpisodePool
from engines.panet_training.run import Place, train_panet
from engines.panet_training.shelf import put_on_shelf
from engines.panet_training.trainer import PanetTrainer
from engines.reporting import SilentReporter
from engines.sessions.fewshot_session import FewShotSession
from engines.weights import find_weights, store_weights

STAGES = ("stage4", "stage8", "stage16")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("engines.weights.embedded_models", lambda: None)
    put_weights(tmp_path / "shelf", "little", "embedded", stages=STAGES, style="centred")
    return tmp_path / "shelf"


def trained(data: Path, shelf: Path, plan: PanetPlan, name: str = "panet_little") -> None:
    place = Place(shelf.parent / f"run_{name}", "cpu", shelf)
    train_panet(replace(plan, backbone="little"), data, place, name, SilentReporter())


def test_a_trained_neck_answers_in_the_ordinary_session(data: Path, shelf: Path) -> None:
    trained(data, shelf, PLAN)
    session = FewShotSession("panet", "panet_little", device=DEVICE, models_dir=shelf)
    assert session.backbone_card.maps[-1] == MapSpec("neck", 8, 16)
    assert "PANet, 12 episodes, coco_mini and coco_mval" in session.backbone_card.pretraining
    assert "1-way 1-shot, seed 3" in find_weights("panet_little", shelf).source
    (image, rows), (other, truth) = scene(0), scene(1)
    session.set_support(support(Shot(image, masks(rows))))
    guess = session.predict(Query(other)).probabilities.argmax(0)
    assert float((guess == truth).mean()) > 0.7


def test_the_neck_in_the_session_is_the_neck_that_was_trained(
    pool: EpisodePool, shelf: Path, tmp_path: Path
) -> None:
    base = open_backbone("little", DEVICE, shelf)
    learner = NeckLearner(FrozenLevels(base, DEVICE), 16, DEVICE, seed=0)
    trainer = PanetTrainer(PLAN, pool, learner, DEVICE, tmp_path / "run")
    trainer.run(SilentReporter())
    (card,) = put_on_shelf(trainer, "panet_x", base.card, DEVICE, shelf)
    assert (card.base, card.base_digest) == ("little", base.card.weights_digest)
    images = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    seen = base.encode(images).maps
    own = learner.neck(side_by_side(seen, base.card.maps)).detach()
    found = open_backbone("panet_x", DEVICE, shelf).encode(images)
    assert all(torch.equal(one, two) for one, two in zip(seen, found.maps[:-1], strict=True))
    torch.testing.assert_close(found.maps[-1], own, atol=2e-3, rtol=2e-3)


def test_a_network_trained_whole_is_a_backbone_and_its_neck_stands_on_it(
    data: Path, shelf: Path
) -> None:
    plan = replace(PLAN, episodes=2, trunk_rate=0.01)
    trained(data, shelf, replace(plan, width=0), "whole")
    trained(data, shelf, plan, "necked")
    assert find_weights("whole", shelf).architecture == "embedded"
    assert find_weights("necked", shelf).base == "necked_trunk"
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert len(open_backbone("whole", DEVICE, shelf).encode(images).maps) == 3
    assert len(open_backbone("necked", DEVICE, shelf).encode(images).maps) == 4


def test_the_shelf_lists_a_neck_and_says_what_it_stands_on(data: Path, shelf: Path) -> None:
    trained(data, shelf, PLAN)
    row = {row.card.name: row for row in backbone_cards(shelf)}["panet_little"]
    assert row.ready
    assert row.weights_bytes is not None
    (shelf / "little.safetensors").unlink()
    row = {row.card.name: row for row in backbone_cards(shelf)}["panet_little"]
    assert not row.ready
    assert "stands on the backbone 'little'" in row.advice


def test_a_neck_refuses_another_base_and_another_neck(data: Path, shelf: Path) -> None:
    trained(data, shelf, PLAN)
    neck = find_weights("panet_little", shelf)
    width = sum(spec.channels for spec in open_backbone("little", DEVICE, shelf).card.maps)
    tensors = {"project.weight": torch.zeros(16, width, 1, 1), "project.bias": torch.zeros(16)}
    store_weights(tensors, replace(neck, name="loop", base="loop"), shelf)
    with pytest.raises(UnusableWeights, match="stands on another neck"):
        open_backbone("loop", DEVICE, shelf)
    store_weights({"project.weight": torch.zeros(1)}, replace(neck, name="torn"), shelf)
    with pytest.raises(UnusableWeights, match="does not fit the maps"):
        open_backbone("torn", DEVICE, shelf)
    put_weights(shelf, "little", "embedded", stages=STAGES, style="imagenet")
    with pytest.raises(UnusableWeights, match="other weights of 'little'"):
        open_backbone("panet_little", DEVICE, shelf)
    row = {row.card.name: row for row in backbone_cards(shelf)}["panet_little"]
    assert not row.ready


def test_a_neck_begins_as_the_deepest_map() -> None:
    specs = (MapSpec("a", 4, 3), MapSpec("b", 8, 4), MapSpec("c", 16, 6))
    draw = torch.Generator().manual_seed(0)
    sides = [64 // spec.stride for spec in specs]
    maps = [
        torch.randn(1, spec.channels, side, side, generator=draw)
        for spec, side in zip(specs, sides, strict=True)
    ]
    levels = side_by_side(maps, specs)
    assert levels.shape == (1, 13, 8, 8)
    deepest = levels[:, -6:]
    begun = Neck(specs, 6)(levels)
    cosine = torch.nn.functional.cosine_similarity(begun, deepest, dim=1)
    assert cosine.min().item() > 0.9
    assert Neck(specs, 9)(levels).shape == (1, 9, 8, 8)
    assert np.linalg.matrix_rank(Neck(specs, 4).project.weight[:, :, 0, 0].detach().numpy()) == 4


def test_the_grid_is_that_of_the_map_nearest_to_stride_eight() -> None:
    def specs(*strides: int) -> tuple[MapSpec, ...]:
        return tuple(MapSpec(str(s), s, 2) for s in strides)

    assert [grid_map(specs(*s)) for s in ((4, 8, 16), (4, 16), (16, 16), (2, 4), (14, 16))] == [
        1, 0, 0, 1, 0,
    ]  # fmt: skip
