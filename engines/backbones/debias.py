"""Positional debias: taking out of tokens what a network says of a place, whatever stands there.

Source: INSID3 (2026). A constant image has no content, so what differs between its tokens is
position; its strongest directions are projected out of every image's tokens.
"""

from collections import OrderedDict
from collections.abc import Callable

import torch
from torch import Tensor

DIRECTIONS_WIDE, DIRECTIONS_NARROW = 500, 20  # INSID3: ViT-L (1024 channels) and ViT-B
WIDE_CHANNELS = 1024
KEPT_SIZES = 4  # bases held, one per size of image
_TINY = 1e-6


class PositionalDebias:
    """Projects positional directions out of maps; a basis is made once per size of image.

    ``constant_map`` (h, w) -> (1, C, h, w): the features of a constant image of that grid.
    """

    def __init__(self, constant_map: Callable[[tuple[int, int]], Tensor]) -> None:
        self._constant_map = constant_map
        self._bases: OrderedDict[tuple[int, int], Tensor] = OrderedDict()

    def __call__(self, features: Tensor) -> Tensor:
        """(B, C, h, w) -> unit-length tokens without their positional part, same shape."""
        grid = (int(features.shape[-2]), int(features.shape[-1]))
        basis = self._basis(grid).to(features.device)
        with torch.autocast(features.device.type, enabled=False):  # a difference of near equals
            tokens = _unit(features.float().flatten(2).transpose(1, 2))  # (B, N, C)
            free = _unit(tokens - (tokens @ basis) @ basis.T)
        return free.transpose(1, 2).reshape(features.shape)

    def _basis(self, grid: tuple[int, int]) -> Tensor:
        known = self._bases.get(grid)
        if known is None:
            known = positional_basis(self._constant_map(grid))
            while len(self._bases) >= KEPT_SIZES:
                self._bases.popitem(last=False)
        self._bases[grid] = known
        self._bases.move_to_end(grid)
        return known


def positional_basis(constant: Tensor, directions: int | None = None) -> Tensor:
    """Features (1, C, h, w) of a constant image -> (C, R) orthonormal, strongest first.

    ``directions``: how many; where None, as the source chose for so many channels. At most half
    the channels and one less than the tokens, and none that does not vary.
    """
    C = int(constant.shape[1])
    wanted = directions or (DIRECTIONS_WIDE if C >= WIDE_CHANNELS else DIRECTIONS_NARROW)
    tokens = _unit(constant[0].double().flatten(1).T)  # (N, C)
    centred = tokens - tokens.mean(dim=0)
    values, vectors = torch.linalg.eigh(centred.T @ centred)  # the right singular vectors
    varying = int((values > _TINY**2 * max(float(values[-1]), 1.0)).sum())
    count = min(wanted, C // 2, len(tokens) - 1, varying)
    basis: Tensor = vectors.flip(1)[:, :count].float().contiguous()
    return basis


def _unit(tokens: Tensor) -> Tensor:
    lengths = torch.linalg.vector_norm(tokens, dim=-1, keepdim=True)
    directions: Tensor = tokens / lengths.clamp_min(_TINY)
    return directions
