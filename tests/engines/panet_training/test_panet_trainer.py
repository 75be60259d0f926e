"""Promises of the trainer: killed and resumed it ends where an unbroken run ends."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from fewshot_toys import ToyBackbone
from panet_data import DEVICE, PLAN, put_weights, trainer
from PIL import Image

from engines.errors import Cancelled, EngineError, MissingWeights
from engines.panet_training.episodes import View
from engines.panet_training.learner import (
    FrozenLevels,
    NeckLearner,
    NetworkLearner,
    ViewReader,
    normalised,
    weights_to_train,
)
from engines.panet_training.plan import PanetPlan, paper_plan
from engines.panet_training.pool import EpisodePool, ViewSize
from engines.panet_training.sheet import episode_sheet
from engines.panet_training.trainer import PanetTrainer
from engines.reporting import CancelToken, SilentReporter


class StopAfter(SilentReporter):
    """Cancels after so many steps."""

    def __init__(self, steps: int) -> None:
        super().__init__(CancelToken())
        self._left = steps

    def raise_if_cancelled(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Cancelled("enough")


class Killed(BaseException):
    """Something that is not a wish, in the middle of a step."""


@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_a_stopped_run_ends_where_an_unbroken_one_does(
    pool: EpisodePool, tmp_path: Path, smoothing: float
) -> None:
    plan = replace(PLAN, smoothing=smoothing)
    whole = trainer(pool, tmp_path / "whole", plan)
    whole.run(SilentReporter())
    for steps in (2, 1):
        with pytest.raises(Cancelled):
            trainer(pool, tmp_path / "broken", plan).run(StopAfter(steps))
    last = trainer(pool, tmp_path / "broken", plan)
    assert last.step == 3
    last.run(SilentReporter())
    for one in (whole, last):
        one.finish()
    for name, value in whole.learner.module.state_dict().items():
        assert torch.equal(value, last.learner.module.state_dict()[name]), name


def test_a_kill_within_a_step_goes_back_to_the_checkpoint_before(
    pool: EpisodePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trainer(pool, tmp_path / "whole")
    whole.run(SilentReporter())
    one = trainer(pool, tmp_path / "killed")
    with monkeypatch.context() as patch:
        patch.setattr(one, "_follow", lambda: _kill_at(one, 3))
        with pytest.raises(Killed):
            one.run(SilentReporter(), save_every_s=0.0)
    again = trainer(pool, tmp_path / "killed")
    assert again.step == 3
    again.run(SilentReporter())
    for name, value in whole.learner.module.state_dict().items():
        assert torch.equal(value, again.learner.module.state_dict()[name]), name


def _kill_at(one: PanetTrainer, step: int) -> None:
    if one.step == step:
        raise Killed


def test_training_lowers_the_loss_and_writes_log_and_samples(
    pool: EpisodePool, tmp_path: Path
) -> None:
    plan = replace(PLAN, episodes=160, rate=0.3)
    trainer(pool, tmp_path / "run", plan).run(SilentReporter())
    lines = [json.loads(one) for one in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == plan.steps
    assert lines[-1]["episodes"] == 160
    assert lines[-1]["query"] < lines[0]["query"]
    with Image.open(tmp_path / "run" / "samples.png") as sheet:
        assert sheet.size == (600, 900)  # support, truth, answer; six episodes


def test_the_sheet_shows_the_same_episodes_all_through_a_run(
    pool: EpisodePool, tmp_path: Path
) -> None:
    one, plan = trainer(pool, tmp_path), replace(PLAN, ways=2)
    reader = ViewReader(pool, ViewSize(192))
    sheets = [tmp_path / f"{number}.png" for number in range(2)]
    for file in sheets:
        episode_sheet(one.learner, reader, plan, file)
    assert sheets[0].read_bytes() == sheets[1].read_bytes()
    with Image.open(sheets[0]) as sheet:
        assert sheet.size == (800, 900)  # two supports, truth, answer; six episodes


def test_the_log_forgets_steps_that_a_kill_undid(pool: EpisodePool, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        trainer(pool, tmp_path).run(StopAfter(2))
    log = tmp_path / "log.jsonl"
    log.write_text('{"step": 1}\n{"step": 2}\n{"step": 4}\n{"ste')
    trainer(pool, tmp_path)
    assert log.read_text() == '{"step": 1}\n{"step": 2}\n'


def test_another_plan_or_other_pictures_are_refused(pool: EpisodePool, tmp_path: Path) -> None:
    trainer(pool, tmp_path).run(SilentReporter())
    with pytest.raises(EngineError, match="other settings or pictures"):
        trainer(pool, tmp_path, replace(PLAN, rate=0.2))
    fewer = replace(pool, pictures=pool.pictures[:-1])
    with pytest.raises(EngineError, match="other settings or pictures"):
        trainer(fewer, tmp_path)


def test_only_the_neck_learns_on_a_frozen_backbone(pool: EpisodePool) -> None:
    frozen = FrozenLevels(ToyBackbone(), DEVICE)
    learner = NeckLearner(frozen, 16, DEVICE, seed=0)
    reader = ViewReader(pool, ViewSize(192))
    levels = frozen.levels(reader, View(0))
    assert not levels.requires_grad
    assert {name for name, _ in learner.module.named_parameters()} == {
        "neck.project.weight",
        "neck.project.bias",
    }
    assert learner.features(reader, [View(0)])[0].requires_grad


def test_each_view_is_seen_by_the_backbone_once_and_mirrored_views_are_mirrored(
    pool: EpisodePool,
) -> None:
    backbone = ToyBackbone()
    frozen, reader = FrozenLevels(backbone, DEVICE), ViewReader(pool, ViewSize(192))
    for _ in range(2):
        plain = frozen.levels(reader, View(0))
        mirrored = frozen.levels(reader, View(0, flipped=True))
    assert backbone.calls == 2
    assert not torch.equal(plain, mirrored)
    assert torch.equal(reader.image(View(0)).flip(3), reader.image(View(0, flipped=True)))
    assert (reader.rows(View(0))[:, ::-1] == reader.rows(View(0, flipped=True))).all()


@pytest.mark.parametrize("width", [0, 8])
def test_a_whole_network_learns_and_its_statistics_stay(
    pool: EpisodePool, tmp_path: Path, width: int
) -> None:
    card = put_weights(tmp_path / "shelf", "little", "embedded", stages=("stage4", "stage8"))
    learner = NetworkLearner(card, width, DEVICE, seed=0, models_dir=tmp_path / "shelf")
    before = {k: v.clone() for k, v in learner.module.state_dict().items()}
    plan = replace(PLAN, episodes=4, trunk_rate=0.01, width=width)
    PanetTrainer(plan, pool, learner, DEVICE, tmp_path / "run").run(SilentReporter())
    moved = {k for k, v in learner.module.state_dict().items() if not torch.equal(v, before[k])}
    assert any("trunk" in name for name in moved)
    assert not any("running" in name or "batches" in name for name in moved)
    assert any("neck" in name for name in moved) == bool(width)


def test_the_paper_falls_at_a_third_and_two_thirds() -> None:
    plan = paper_plan()
    shares = [plan.rate_share(step) for step in (0, 9_999, 10_000, 19_999, 20_000, 29_999)]
    assert shares == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert (plan.momentum, plan.decay, plan.rate, plan.batch) == (0.9, 5e-4, 1e-3, 1)
    assert (plan.ways, plan.size_px, plan.squashed, plan.width) == (1, 417, True, 0)


def test_the_cosine_warms_up_and_ends_near_nothing() -> None:
    plan = PanetPlan("b", episodes=400, batch=4)
    assert plan.rate_share(0) == pytest.approx(0.2)
    assert plan.rate_share(5) == pytest.approx(1.0)
    assert plan.rate_share(99) < 0.01


def test_without_weights_it_says_what_to_get(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match="--as vgg16_panet"):
        weights_to_train("vgg16_panet", tmp_path)


def test_images_are_prepared_as_the_network_was_trained() -> None:
    from engines.backbones.preprocessing import preprocessing_named

    images = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    caffe = normalised(images, preprocessing_named("caffe"))
    torch.testing.assert_close(caffe[:, 0], images[:, 2] * 255 - 103.939)
    usual = normalised(images, preprocessing_named("imagenet"))
    torch.testing.assert_close(usual[:, 1], (images[:, 1] - 0.456) / 0.224)
