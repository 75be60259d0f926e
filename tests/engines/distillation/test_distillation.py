"""Promises of training the embedded backbone: pictures, crops, resuming, what is written down."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engines.backbones.catalog import open_backbone
from engines.backbones.embedded import embedded_network
from engines.backbones.embedded_plans import EMBEDDED_PLANS
from engines.backbones.networks import NetworkBackbone, build_network
from engines.backbones.shelf import card_of
from engines.device import choose_device
from engines.distillation.__main__ import LESSONS, main
from engines.distillation.crops import crop_batch, even_weights, jitter, second_view, window_grid
from engines.distillation.objective import DenseAgreement, Imitation, Lesson, Standard
from engines.distillation.pictures import PicturePool, find_pictures
from engines.distillation.shelf import put_on_shelf
from engines.distillation.trainer import Curriculum, Trainer
from engines.errors import Cancelled, EngineError
from engines.reporting import CancelToken, SilentReporter
from engines.weights import WeightsCard, store_weights

CPU = choose_device("cpu", precision="float32")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "one" / "images").mkdir(parents=True)
    (folder / "one" / "masks").mkdir()
    draw = np.random.default_rng(0)
    for number in range(4):
        pixels = draw.integers(0, 255, (70, 90, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "one" / "images" / f"{number}.png")
        Image.fromarray(pixels[..., 0]).save(folder / "one" / "masks" / f"{number}.png")
    (folder / "one" / "images" / "broken.png").write_bytes(b"not an image")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(folder / "one" / "images" / "0.png", "inside/0.png")
        archive.writestr("readme.txt", "no picture")
    return folder


def test_pictures_are_found_in_folders_and_archives_and_masks_are_not(pictures: Path) -> None:
    names = [source.name for source in find_pictures([pictures])]
    assert any(name.endswith("more.zip/inside/0.png") for name in names)
    assert not any("masks" in name for name in names)
    assert len(names) == 6
    kept = find_pictures([pictures], leave_out=["*/images/1.png"])
    assert len(kept) == 5
    with pytest.raises(EngineError, match="No pictures"):
        find_pictures([pictures], leave_out=["*"])


def test_a_broken_picture_gives_way_to_the_next(pictures: Path) -> None:
    pool = PicturePool(find_pictures([pictures]))
    assert all(pool.picture(number).shape == (70, 90, 3) for number in range(len(pool)))


def test_crops_depend_on_the_seed_alone(pictures: Path) -> None:
    pool = PicturePool(find_pictures([pictures]))
    weights = even_weights(["a"] * len(pool), {})
    one, two = (crop_batch(pool, weights, 6, 32, seed=9) for _ in range(2))
    assert torch.equal(one, two)
    assert one.shape == (6, 3, 32, 32)
    assert not torch.equal(one, crop_batch(pool, weights, 6, 32, seed=10))


def test_groups_are_drawn_by_their_share() -> None:
    weights = even_weights(["a"] * 90 + ["b"] * 10, {"b": 0.5})
    assert weights[90:].sum() == pytest.approx(0.5)
    assert weights.sum() == pytest.approx(1)


def test_jitter_and_windows_stay_in_range() -> None:
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    draw = torch.Generator().manual_seed(1)
    changed = jitter(images, 1.0, draw)
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1
    windows, boxes = second_view(images, 16, draw)
    assert windows.shape == (3, 3, 16, 16)
    assert float(boxes.min()) >= -1.0001
    assert float(boxes.max()) <= 1.0001


def test_the_whole_image_as_a_window_is_the_image() -> None:
    grid = window_grid(torch.tensor([[-1.0, -1.0, 1.0, 1.0]]), 4)
    assert torch.allclose(grid[0, 0, :, 0], torch.tensor([-0.75, -0.25, 0.25, 0.75]))


def test_a_place_known_again_costs_less_than_a_wrong_one() -> None:
    draw = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 8, 6, 6, generator=draw)
    boxes = torch.tensor([[-1.0, -1.0, 1.0, 1.0]] * 2)
    dense = DenseAgreement(8, width=8)
    dense.project = torch.nn.Identity()  # type: ignore[assignment]  # the loss, not its head
    same = dense(maps, maps, boxes, torch.Generator().manual_seed(2))
    wrong = dense(maps, maps.roll(1, 3), boxes, torch.Generator().manual_seed(2))
    assert float(same) < float(wrong)


def test_standardising_learns_mean_and_spread_and_then_stays() -> None:
    standard = Standard(2)
    draw = torch.Generator().manual_seed(0)
    for _ in range(60):
        standard(3 + 2 * torch.randn(8, 2, 9, 9, generator=draw))
    assert int(standard.batches) == standard.limit
    assert torch.allclose(standard.mean, torch.full((2,), 3.0), atol=0.1)


@pytest.mark.parametrize("name", sorted(EMBEDDED_PLANS))
def test_every_design_gives_strides_4_8_16(name: str) -> None:
    maps = build_network(name, None)(torch.zeros(1, 3, 64, 96))
    assert [tuple(one.shape[-2:]) for one in maps] == [(16, 24), (8, 12), (4, 6)]
    assert [one.shape[1] for one in maps] == list(EMBEDDED_PLANS[name].widths)
    assert sum(p.numel() for p in embedded_network(name).parameters()) * 2 <= 6e6


def toy_trainer(pictures: Path, out: Path, images: int = 32) -> Trainer:
    sources = find_pictures([pictures])
    card = WeightsCard("teacher", "embedded", ("stage4", "stage8", "stage16"), "centred",
                       "none", "", "", "float32", "2026-01-01")  # fmt: skip
    teacher = NetworkBackbone(build_network("embedded", None, seed=5), card_of(card), CPU)
    lessons = (Lesson("teacher", "stage8", 1, 0.5), Lesson("teacher", "stage16", 2, 1.0))
    plan = Curriculum("embedded", images=images, batch=8, side=32, warm_up=1, lessons=lessons)
    return Trainer(plan, sources, ["a"] * len(sources), {"teacher": teacher}, CPU, out)


def test_a_stopped_run_goes_on_as_if_it_had_not_been(pictures: Path, tmp_path: Path) -> None:
    whole = toy_trainer(pictures, tmp_path / "whole")
    whole.run(SilentReporter())
    token = CancelToken()
    token.cancel()
    first = toy_trainer(pictures, tmp_path / "parts")
    with pytest.raises(Cancelled):
        first.run(SilentReporter(token))
    assert first.step == 1
    second = toy_trainer(pictures, tmp_path / "parts")
    assert second.step == 1
    second.run(SilentReporter())
    for name, value in whole.average.items():
        assert torch.allclose(value.float(), second.average[name].float(), atol=1e-5), name
    lines = (tmp_path / "whole" / "log.jsonl").read_text().splitlines()
    assert lines
    assert (tmp_path / "whole" / "samples.png").stat().st_size > 1000


def test_a_run_of_another_design_is_not_gone_on_with(pictures: Path, tmp_path: Path) -> None:
    toy_trainer(pictures, tmp_path / "out", images=8).run(SilentReporter())
    sources = find_pictures([pictures])
    other = Curriculum("embedded_wide", images=8, batch=8, side=32)
    with pytest.raises(EngineError, match="another design"):
        Trainer(other, sources, ["a"] * len(sources), {}, CPU, tmp_path / "out")


def test_what_was_trained_opens_by_name(pictures: Path, tmp_path: Path) -> None:
    trainer = toy_trainer(pictures, tmp_path / "out", images=8)
    trainer.run(SilentReporter())
    card = put_on_shelf(trainer, "embedded", "mine", tmp_path / "shelf", data="toys")
    assert card.dtype == "float16"
    backbone = open_backbone("mine", CPU, tmp_path / "shelf")
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    said = backbone.encode(images).maps[-1]
    expected = trainer._smoothed()(images - 0.5)[-1]
    assert torch.allclose(said, expected, atol=0.05, rtol=0.05)


def test_a_lesson_about_a_map_nobody_has_is_refused(tmp_path: Path) -> None:
    card = store_weights(
        {"a": torch.zeros(1)},
        WeightsCard("t", "embedded", ("stage4", "stage8", "stage16"), "centred", "none", "", "",
                    "float32", "2026-01-01"),
        tmp_path,
    )  # fmt: skip
    teacher = NetworkBackbone(build_network("embedded", None), card_of(card), CPU)
    with pytest.raises(EngineError, match="stage16"):
        Imitation((Lesson("t", "layer9", 2, 1.0),), (48, 96, 192), {"t": teacher})


def test_the_command_says_in_one_sentence_which_teacher_is_missing(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["--data", str(pictures), "--models", str(tmp_path / "nothing"),
                 "--out", str(tmp_path / "out")])  # fmt: skip
    assert code == 1
    assert "annotator models" in capsys.readouterr().err


def test_layers_to_imitate_are_known_for_every_teacher() -> None:
    assert {stage for _, stage, _ in LESSONS["resnet18"]} == {0, 1, 2}
