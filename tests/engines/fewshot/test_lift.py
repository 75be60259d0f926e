"""Promises of the lift for hand-made filters."""

import torch

from engines.backbones.backbone import FeatureMaps, MapSpec
from engines.fewshot.lift import Lift, map_moments, standard_of
from engines.fewshot.representation import LiftedLevels
from engines.fewshot.ridge import LinearHead, empty_sum, moments, solve

SPECS = (MapSpec("a", 2, 4), MapSpec("b", 4, 3))


def _maps(seed: int) -> FeatureMaps:
    draw = torch.Generator().manual_seed(seed)
    return FeatureMaps(
        (
            torch.randn(1, 4, 24, 40, generator=draw) * 3 + 1,
            torch.randn(1, 3, 12, 20, generator=draw),
        ),
        SPECS,
    )


def _lifted() -> LiftedLevels:
    standard = standard_of([map_moments(_maps(0)), map_moments(_maps(1))])
    return LiftedLevels(Lift(standard, units=32, gain=2.0, seed=0), "key")


def test_scores_of_the_map_equal_the_head_on_every_cell_read() -> None:
    how, draw = _lifted(), torch.Generator().manual_seed(5)
    head = LinearHead(
        torch.randn(39, 3, generator=draw), torch.randn(3, generator=draw), torch.ones(3).bool()
    )
    prepared = how.prepared(_maps(2))
    naive = head.scores(how.read(prepared, torch.arange(24 * 40))).T.reshape(1, 3, 24, 40)
    torch.testing.assert_close(how.scores(prepared, head), naive, atol=1e-5, rtol=1e-5)


def test_standardising_uses_all_images_alike() -> None:
    standard = standard_of([map_moments(_maps(0)), map_moments(_maps(1))])
    both = torch.cat([_maps(0).maps[0], _maps(1).maps[0]])
    torch.testing.assert_close(standard.mean[:4], both.mean((0, 2, 3)))
    torch.testing.assert_close(
        standard.deviation[:4], both.var((0, 2, 3), correction=0).sqrt(), atol=1e-4, rtol=1e-4
    )


def test_a_ring_around_a_blob_is_told_apart_though_no_plane_can() -> None:
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(4000, 2, generator=draw)
    inner = x.norm(dim=1) < 1.1
    standard = standard_of([map_moments(FeatureMaps((x.T.reshape(1, 2, 40, 100),), SPECS[:1]))])

    def right(values: torch.Tensor) -> float:
        rows = {
            row: empty_sum(values.shape[1], x.device).plus(
                moments(
                    values[inner == bool(row)],
                    torch.ones(int((inner == bool(row)).sum())),
                    sample_size=1,
                )
            )
            for row in (0, 1)
        }
        guess = solve(rows, row_count=2, ridge=0.3).scores(values).argmax(1)
        return float((guess == inner).float().mean())

    assert right(x) < 0.65
    assert right(Lift(standard, units=128, gain=2.0, seed=0).raise_up(x)) > 0.93
