"""Promises of the positional debias: what only tells position goes, what tells content stays."""

import torch
from torch import Tensor

from engines.backbones.debias import PositionalDebias, positional_basis

C, GRID = 32, (6, 8)


def positions(grid: tuple[int, int], *, seed: int = 1) -> Tensor:
    """(1, C, h, w) of rows and columns along four directions, on a constant."""
    draw = torch.Generator().manual_seed(seed)
    directions, _ = torch.linalg.qr(torch.randn(C, 5, generator=draw))
    y = torch.linspace(-1, 1, grid[0])[:, None].expand(grid)
    x = torch.linspace(-1, 1, grid[1])[None, :].expand(grid)
    waves = torch.stack([y, x, y * x, y.square(), 3 + 0 * y])  # the last is the constant part
    return torch.einsum("ck,khw->chw", directions, waves)[None]


def test_the_basis_spans_what_varies_with_position_and_is_orthonormal() -> None:
    constant = positions(GRID)
    basis = positional_basis(constant, directions=8)
    assert torch.allclose(basis.T @ basis, torch.eye(basis.shape[1]), atol=1e-5)
    tokens = torch.nn.functional.normalize(constant[0].flatten(1).T, dim=1)
    centred = tokens - tokens.mean(dim=0)
    left = centred - centred @ basis @ basis.T
    assert left.norm() < 0.02 * centred.norm()


def test_as_many_directions_as_the_source_took_but_never_all() -> None:
    draw = torch.Generator().manual_seed(2)
    assert positional_basis(torch.randn(1, 64, 9, 9, generator=draw)).shape == (64, 20)
    assert positional_basis(torch.randn(1, 1024, 23, 23, generator=draw)).shape == (1024, 500)
    assert positional_basis(torch.randn(1, 16, 9, 9, generator=draw)).shape[1] == 8
    assert positional_basis(torch.randn(1, 64, 2, 2, generator=draw)).shape[1] == 3
    assert positional_basis(torch.ones(1, 64, 3, 3)).shape[1] == 0


def test_things_are_found_by_what_they_are_instead_of_where() -> None:
    """Two things far apart look alike afterwards; before, neighbours did."""
    where = positions(GRID) * 8
    draw = torch.Generator().manual_seed(4)
    thing = torch.randn(C, generator=draw)
    image = where + 0.2 * torch.randn(1, C, *GRID, generator=draw)
    image[0, :, 0, 0] += thing
    image[0, :, 5, 7] += thing
    free = PositionalDebias(lambda grid: positions(grid) * 8)(image)
    assert likest(image, (0, 0)) != (5, 7)
    assert likest(free, (0, 0)) == (5, 7)
    assert torch.allclose(free.norm(dim=1), torch.ones(1, *GRID), atol=1e-5)


def test_a_basis_is_made_once_per_size_and_few_are_held() -> None:
    asked: list[tuple[int, int]] = []

    def constant(grid: tuple[int, int]) -> Tensor:
        asked.append(grid)
        return positions(grid)

    debias = PositionalDebias(constant)
    for grid in [(4, 4), (4, 4), (5, 4), (4, 4), (6, 4), (7, 4), (8, 4), (4, 4), (5, 4)]:
        debias(positions(grid, seed=9))
    assert asked == [(4, 4), (5, 4), (6, 4), (7, 4), (8, 4), (5, 4)]


def likest(features: Tensor, place: tuple[int, int]) -> tuple[int, int]:
    """Which other place has the nearest direction."""
    unit = torch.nn.functional.normalize(features[0], dim=0)
    cosines = torch.einsum("chw,c->hw", unit, unit[:, place[0], place[1]])
    cosines[place] = -1
    best = int(cosines.argmax())
    return best // cosines.shape[1], best % cosines.shape[1]
