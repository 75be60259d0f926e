"""Promises of the background tier: better on marks left out, or it does not answer."""

import numpy as np
import pytest
import torch
from fewshot_toys import ToyBackbone, encoded, encoded_shot, features_of, masks, scene, strokes
from torch import Tensor

from engines.errors import Cancelled
from engines.fewshot.labelled_cells import LabelledCells, PieceCells
from engines.fewshot.mlp_head import MlpHead, MlpTraining, StandardCells
from engines.fewshot.polish import LOOKS, WARM_LOOKS, OutOfTime, Polishable, Polisher
from engines.fewshot.probe import Probe
from engines.fewshot.ridge import LinearHead
from engines.fewshot.stroke_check import (
    DENSE_MARGIN,
    SPARSE_MARGIN,
    Fold,
    Verdict,
    fold_ridges,
    folds_of,
    margin_for,
)
from engines.reporting import CancelToken, SilentReporter

R = SilentReporter()
TEMPERATURE = 0.14


def pieces_from(x: Tensor, rows: Tensor, image: int, *, share: float = 0.5) -> list[PieceCells]:
    """One mask per row of an image; as if it covered ``share`` of it."""
    return [
        PieceCells(f"{image}/{row}", int(row), image, x[rows == row], float((rows == row).sum()),
                   share)
        for row in rows.unique().tolist()
    ]  # fmt: skip


def corners(images: int, *, seed: int = 0, channels: int = 6) -> list[PieceCells]:
    """Two rows that no plane can tell apart: the sign of a product decides."""
    draw = torch.Generator().manual_seed(seed)
    found = []
    for image in range(images):
        x = torch.randn(400, channels, generator=draw)
        found += pieces_from(x, (x[:, 0] * x[:, 1] > 0).long(), image)
    return found


def noise(images: int, *, seed: int = 0) -> list[PieceCells]:
    """A plane is right but for noise, and a net can learn every cell of 40 by heart."""
    draw = torch.Generator().manual_seed(seed)
    found = []
    for image in range(images):
        x = torch.randn(40, 200, generator=draw)
        doubtful = x[:, :20].mean(1) * 4 + torch.randn(40, generator=draw)
        found += pieces_from(x, (doubtful > 0).long(), image)
    return found


def ridge_on(pieces: list[PieceCells]) -> LinearHead:
    """The ridge of all pieces."""
    everything = Fold(0, list(range(len(pieces))), [])
    return fold_ridges(pieces, [everything], row_count=2, ridge=1.0, reporter=R)[0]


def polished(
    polisher: Polisher, pieces: list[PieceCells], *, limit_s: float | None = None
) -> MlpHead | None:
    skip = ridge_on(pieces)
    return polisher.polish(pieces, skip, R, temperature=TEMPERATURE, limit_s=limit_s)


def accuracy_of(scores: Tensor, pieces: list[PieceCells]) -> float:
    rows = torch.cat([torch.full((len(one.x),), one.row) for one in pieces])
    return float((scores.argmax(1) == rows).float().mean())


def test_what_no_plane_can_tell_apart_is_learned_and_taken() -> None:
    polisher = Polisher(ridge=1.0, seed=0)
    pieces, unseen = corners(4), corners(2, seed=9)
    net = polished(polisher, pieces)
    assert net is not None
    assert polisher.report is not None
    assert polisher.report.taken
    x = torch.cat([one.x for one in unseen])
    assert accuracy_of(ridge_on(pieces).scores(x), unseen) < 0.65
    assert accuracy_of(net.scores(x), unseen) > 0.85


@pytest.mark.parametrize("seed", range(2))
def test_a_net_that_learns_by_heart_is_refused(seed: int) -> None:
    polisher = Polisher(ridge=1.0, seed=0)
    pieces, unseen = noise(4, seed=seed), noise(6, seed=seed + 50)
    assert polished(polisher, pieces) is None
    assert polisher.report is not None
    assert not polisher.report.taken
    # It is refused for good reason: trained to the end it is right on every cell it knows, and
    # worse than the ridge elsewhere.
    standard = StandardCells.of(LabelledCells.of(pieces))
    skip = ridge_on(pieces)
    log_odds = LinearHead(skip.weights / TEMPERATURE, skip.bias / TEMPERATURE, skip.seen)
    net = MlpTraining(standard, list(range(len(pieces))), log_odds, seed=0)
    for _ in range(150):
        net.step()
    assert accuracy_of(net.head().scores(standard.cells.x), pieces) == 1.0
    x = torch.cat([one.x for one in unseen])
    rows = torch.cat([torch.full((len(one.x),), one.row) for one in unseen])
    loss = torch.nn.functional.cross_entropy
    assert loss(net.head().scores(x), rows) > loss(log_odds.scores(x), rows)


def test_where_nothing_can_be_left_out_the_ridge_stays() -> None:
    polisher = Polisher(ridge=1.0, seed=0)
    assert polished(polisher, corners(1)) is None
    assert polisher.report is None


def test_equal_marks_give_equal_bits() -> None:
    one, other = (polished(Polisher(ridge=1.0, seed=3), corners(4)) for _ in range(2))
    assert one is not None
    assert other is not None
    assert torch.equal(one.first.weights, other.first.weights)
    assert torch.equal(one.outer, other.outer)
    assert one.temperature == other.temperature


def test_a_grown_support_goes_on_from_the_last_weights_in_fewer_steps() -> None:
    polisher = Polisher(ridge=1.0, seed=0)
    pieces = corners(4)
    polished(polisher, pieces)
    assert polisher.report is not None
    cold = polisher.report
    grown = [*pieces, PieceCells("more", 0, 3, pieces[0].x[:20], 20.0, 0.1)]
    net = polished(polisher, grown)
    warm = polisher.report
    assert net is not None
    assert warm.steps <= 5 * WARM_LOOKS[-1] < cold.steps
    assert warm.net.loss < cold.ridge.loss
    assert accuracy_of(net.scores(torch.cat([p.x for p in corners(2, seed=9)])),
                       corners(2, seed=9)) > 0.85  # fmt: skip


def test_what_was_taken_is_taken_again_however_often_it_is_asked() -> None:
    polisher = Polisher(ridge=1.0, seed=0)
    for _ in range(4):  # were it trained on at every call, it would know its marks by heart
        net = polished(polisher, corners(4))
        assert net is not None
    assert polisher.report is not None
    assert polisher.report.taken


def test_weights_that_know_what_is_left_out_now_are_not_gone_on_from() -> None:
    polisher, fresh = Polisher(ridge=1.0, seed=0), Polisher(ridge=1.0, seed=0)
    pieces = corners(5)
    polished(polisher, pieces)
    fewer = pieces[:4]  # the images that taught before are not the ones that teach now
    one, other = polished(polisher, fewer), polished(fresh, fewer)
    assert one is not None
    assert other is not None
    assert torch.equal(one.first.weights, other.first.weights)


def test_steps_and_time_are_limited() -> None:
    polisher = Polisher(ridge=1.0, seed=0)
    polished(polisher, corners(8))
    assert polisher.report is not None
    assert polisher.report.steps <= 5 * LOOKS[-1]
    with pytest.raises(OutOfTime):
        polished(Polisher(ridge=1.0, seed=0), corners(4), limit_s=0.0)


def test_few_marks_need_a_wider_margin_than_whole_masks() -> None:
    assert margin_for(corners(3)) == DENSE_MARGIN
    thin = [PieceCells(p.key, p.row, p.image, p.x, p.count, 0.05) for p in corners(3)]
    assert margin_for(thin) == SPARSE_MARGIN
    ridge = Verdict(0.5, 0.50, (0.5, 0.5))
    assert Verdict(0.53, 0.45, (0.4, 0.5)).beats(ridge, DENSE_MARGIN)
    assert not Verdict(0.53, 0.45, (0.4, 0.5)).beats(ridge, SPARSE_MARGIN)
    assert not Verdict(0.60, 0.51, (0.4, 0.6)).beats(ridge, DENSE_MARGIN)
    assert not Verdict(0.50, 0.10, (0.1, 0.1)).beats(ridge, DENSE_MARGIN)
    assert not ridge.beats(ridge, DENSE_MARGIN)


def test_no_image_and_no_stroke_teaches_and_judges_at_once() -> None:
    several = corners(6)
    for fold in folds_of(several):
        taught = {several[place].image for place in fold.taught}
        assert taught.isdisjoint(several[place].image for place in fold.judged)
    single = [
        PieceCells(f"{n}", row, 0, torch.ones(2, 2), 2.0, 0.1)
        for n, row in enumerate((0, 0, 1, 1, 2))
    ]
    folds = folds_of(single)
    assert sorted(place for fold in folds for place in fold.judged) == [0, 1, 2, 3]
    assert all(4 in fold.taught for fold in folds)  # the only stroke of its row


# -- within the probe ------------------------------------------------------------------------------


def probe_on(images: int) -> tuple[Probe, ToyBackbone, object]:
    backbone = ToyBackbone()
    probe = Probe(backbone.card)
    shots = [
        encoded_shot(backbone, image, masks(rows)) for image, rows in map(scene, range(images))
    ]
    support = encoded(*shots)
    probe.fit(support, R)
    return probe, backbone, support


def harder(backbone: ToyBackbone, images: int):  # type: ignore[no-untyped-def]
    """Scenes in which two unlike things are of one row, so that a plane is not enough."""
    shots = []
    for number in range(images):
        image, rows = scene(number)
        shots.append(encoded_shot(backbone, image, masks(np.where(rows == 2, 1, rows), (0, 1))))
    return encoded(*shots, names=("background", "thing"))


def test_a_probe_answers_from_what_it_took_and_from_the_ridge_after_the_next_fit() -> None:
    backbone = ToyBackbone()
    probe, support = Probe(backbone.card), harder(backbone, 4)
    probe.fit(support, R)
    features = features_of(backbone, scene(7)[0])()
    before = probe.logits(features)
    changed = probe.polish(support, R)
    after = probe.logits(features)
    assert isinstance(probe, Polishable)
    assert changed == probe.polished == (not torch.equal(before, after))
    assert after.shape == before.shape
    assert not probe.polish(support, R) or not changed
    probe.fit(support, R)
    assert not probe.polished
    assert torch.equal(probe.logits(features), before)


@pytest.mark.parametrize("pretraining", ["toy", "none"])
def test_the_map_of_a_net_is_its_scores_of_the_cells(pretraining: str) -> None:
    backbone = ToyBackbone(pretraining=pretraining)
    probe, support = Probe(backbone.card), harder(backbone, 3)
    probe.fit(support, R)
    how = probe.representation
    features = features_of(backbone, scene(5)[0])()
    prepared = how.prepared(features)
    cells = torch.arange(32 * 48)
    x = how.read(prepared, cells)
    table = LabelledCells.of([
        PieceCells("a", 0, 0, x[:700], 700.0, 0.4), PieceCells("b", 1, 0, x[700:], 836.0, 0.6)
    ])  # fmt: skip
    skip = LinearHead(torch.randn(x.shape[1], 2), torch.zeros(2), torch.ones(2, dtype=torch.bool))
    net = MlpTraining(StandardCells.of(table), [0, 1], skip, seed=0)
    for _ in range(15):
        net.step()
    head = net.head()
    on_map = head.on(prepared, how)[0].flatten(1).T
    torch.testing.assert_close(on_map, head.scores(x), atol=2e-3, rtol=1e-3)
    torch.testing.assert_close(net.logits(cells), head.scores(x), atol=0.1, rtol=0.05)  # bfloat16


class _Impatient:
    """Cancels at the n-th question."""

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def progress(self, fraction: float, message: str = "") -> None:
        pass

    def raise_if_cancelled(self) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise Cancelled("enough")


@pytest.mark.parametrize("patience", [0, 8, 100])
def test_polishing_can_be_stopped_at_any_step_and_changes_nothing_then(patience: int) -> None:
    backbone = ToyBackbone()
    probe, support = Probe(backbone.card), harder(backbone, 4)
    probe.fit(support, R)
    features = features_of(backbone, scene(7)[0])()
    before = probe.logits(features)
    with pytest.raises(Cancelled):
        probe.polish(support, _Impatient(patience))
    assert torch.equal(probe.logits(features), before)
    other = Probe(backbone.card)
    other.fit(support, R)
    assert probe.polish(support, R) == other.polish(support, R)
    assert torch.equal(probe.logits(features), other.logits(features))


def test_a_cancelled_token_stops_it_before_a_mark_is_read() -> None:
    backbone = ToyBackbone()
    probe, support = Probe(backbone.card), harder(backbone, 2)
    probe.fit(support, R)
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        probe.polish(support, SilentReporter(token))


def test_without_time_the_ridge_stays() -> None:
    backbone = ToyBackbone()
    probe, support = Probe(backbone.card), harder(backbone, 4)
    probe.fit(support, R)
    assert not probe.polish(support, R, limit_s=0.0)
    assert not probe.polished


def test_scribbles_of_one_stroke_per_row_leave_the_ridge() -> None:
    backbone = ToyBackbone()
    image, rows = scene(0)
    probe = Probe(backbone.card)
    support = encoded(encoded_shot(backbone, image, strokes(rows, each=1)))
    probe.fit(support, R)
    assert not probe.polish(support, R)
