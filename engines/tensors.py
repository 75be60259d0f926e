"""Shapes of tensors: one check, whose message names the axis that is wrong."""

from torch import Tensor

from engines.errors import EngineError


class ShapeError(EngineError):
    """A tensor does not have the axes that its reader needs."""


def check_shape(tensor: Tensor, pattern: str, *, what: str) -> dict[str, int]:
    """Compare a tensor with axes such as ``"B 3 H W"`` and return the lengths by letter.

    A number must be met exactly; a letter that stands twice must be the same length twice.
    Raises `ShapeError`, which says ``what`` was looked at.
    """
    axes, shape = pattern.split(), tuple(tensor.shape)
    expected = f"{what} must be ({', '.join(axes)}) but is {shape}"
    if len(axes) != len(shape):
        raise ShapeError(f"{expected}: {len(axes)} axes are needed, {len(shape)} are there.")
    lengths: dict[str, int] = {}
    for index, (axis, length) in enumerate(zip(axes, shape, strict=True)):
        wanted = int(axis) if axis.isdigit() else lengths.setdefault(axis, length)
        if wanted != length:
            raise ShapeError(f"{expected}: axis {index} ({axis}) has {length} instead of {wanted}.")
    return lengths
