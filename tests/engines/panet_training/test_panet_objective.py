"""The loss of an episode against a slow one written down word by word, and where gradients go."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from engines.exchange import RowMap
from engines.panet_training.objective import (
    Scene,
    alignment_loss,
    episode_loss,
    mask_weights,
    prototypes,
    query_logits,
)

C, GRID, SIZE = 5, (6, 7), (23, 30)


def drawn(seed: int, classes: tuple[int, ...] = (1, 2), *, void: bool = True) -> Scene:
    draw = np.random.default_rng(seed)
    features = torch.from_numpy(draw.normal(size=(C, *GRID)).astype(np.float32))
    rows: RowMap = np.zeros(SIZE, np.uint8)
    for row in classes:
        y, x = int(draw.integers(12)), int(draw.integers(18))
        rows[y : y + 9, x : x + 10] = row
    if void:
        rows[:3, :4] = 255
    return Scene(features.requires_grad_(True), rows)


def large(features: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(features[None], size, mode="bilinear", align_corners=False)[0]


def slow_pool(one: Scene, mask: np.ndarray) -> Tensor:
    """Late fusion as it is told: features to the size of the mask, then their mean inside it."""
    whole, inside = large(one.features, one.rows.shape), torch.from_numpy(mask)
    total = torch.zeros(C)
    for y, x in np.argwhere(mask):
        total = total + whole[:, y, x]
    return total / (float(inside.sum()) + 1e-5)


def slow_logits(features: Tensor, protos: list[Tensor]) -> Tensor:
    out = torch.zeros(len(protos), *features.shape[1:])
    for k, proto in enumerate(protos):
        for y in range(features.shape[1]):
            for x in range(features.shape[2]):
                cell = features[:, y, x]
                out[k, y, x] = 20 * (cell @ proto) / (cell.norm() * proto.norm() + 1e-12)
    return out


def slow_entropy(logits: Tensor, rows: np.ndarray) -> Tensor:
    whole = large(logits, rows.shape).log_softmax(0)
    found = [-whole[int(rows[y, x]), y, x] for y, x in np.argwhere(rows != 255)]
    return torch.stack(found).mean()


def slow_alignment(support: list[list[Scene]], query: Scene, logits: Tensor) -> Tensor:
    guess, protos = logits.argmax(0), {}
    for row in range(len(support) + 1):
        cells = [query.features[:, y, x] for y, x in torch.nonzero(guess == row).tolist()]
        if cells or row == 0:
            protos[row] = sum(cells, torch.zeros(C)) / (len(cells) + 1e-5)
    total = torch.zeros(())
    for row, shots in enumerate(support, start=1):
        for one in shots:
            if row in protos:
                label = np.full(one.rows.shape, 255)
                label[one.rows == row], label[one.rows == 0] = 1, 0
                turned = slow_logits(one.features, [protos[0], protos[row]])
                total = total + slow_entropy(turned, label) / len(shots) / len(support)
    return total


def episode(ways: int, shots: int) -> tuple[list[list[Scene]], Scene]:
    support = [
        [drawn(10 * row + shot) for shot in range(shots)] for row in range(1, ways + 1)
    ]  # fmt: skip
    if ways == 1:
        support = [[Scene(s.features, np.where(s.rows == 2, 0, s.rows)) for s in support[0]]]
    rows = drawn(99).rows
    return support, Scene(drawn(99).features, rows if ways == 2 else np.where(rows == 2, 0, rows))


@pytest.mark.parametrize(("ways", "shots"), [(1, 1), (1, 3), (2, 1), (2, 2)])
def test_both_losses_are_those_written_down_word_by_word(ways: int, shots: int) -> None:
    support, query = episode(ways, shots)
    classes = [
        torch.stack([slow_pool(one, one.rows == row) for one in scenes]).mean(0)
        for row, scenes in enumerate(support, start=1)
    ]
    grounds = [slow_pool(one, one.rows == 0) for scenes in support for one in scenes]
    protos = [torch.stack(grounds).mean(0), *classes]
    torch.testing.assert_close(prototypes(support), torch.stack(protos), atol=1e-5, rtol=1e-4)
    logits = slow_logits(query.features, protos)
    found = episode_loss(support, query)
    torch.testing.assert_close(found.query, slow_entropy(logits, query.rows), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        found.alignment, slow_alignment(support, query, logits), atol=1e-4, rtol=1e-4
    )


def test_a_class_predicted_nowhere_adds_nothing_but_still_counts_among_the_ways() -> None:
    support, query = episode(2, 1)
    logits = torch.zeros(1, 3, *GRID)
    logits[:, 1, :2] = 1  # rows 0 and 1 are predicted, row 2 is not
    both = alignment_loss(support, query, logits)
    slow = slow_alignment(support, query, logits[0])
    torch.testing.assert_close(both, slow, atol=1e-4, rtol=1e-4)
    nowhere = torch.zeros(1, 3, *GRID)
    assert alignment_loss(support, query, nowhere).item() == 0.0


def test_pixels_nobody_labelled_change_nothing() -> None:
    support, query = episode(1, 1)
    before = episode_loss(support, query)
    logits = query_logits(support, query.features)
    query.rows[query.rows == 255] = 0
    after = episode_loss(support, query)
    assert not torch.equal(before.query, after.query)  # they count once they are labelled
    assert torch.equal(logits, query_logits(support, query.features))


def test_the_hard_prediction_lets_no_gradient_through_but_features_get_theirs() -> None:
    support, query = episode(1, 1)
    logits = query_logits(support, query.features)
    logits.retain_grad()
    alignment_loss(support, query, logits).backward()
    assert logits.grad is None
    assert query.features.grad is not None
    assert support[0][0].features.grad is not None
    assert bool(query.features.grad.abs().sum() > 0)


def test_the_query_loss_reaches_support_and_query() -> None:
    support, query = episode(1, 2)
    episode_loss(support, query).query.backward()
    for one in (query, *support[0]):
        assert one.features.grad is not None
        assert bool(one.features.grad.abs().sum() > 0)


def test_weights_of_a_mask_sum_to_its_pixels() -> None:
    mask = np.random.default_rng(0).random(SIZE) > 0.6
    assert float(mask_weights(mask, GRID).sum()) == pytest.approx(float(mask.sum()), rel=1e-5)
