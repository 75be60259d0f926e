"""Conversion of decoded samples to the one form all others work on: upright 8-bit RGB.

The rule for samples deeper than 8 bits (integers and floats) is one for all and depends on the
picture alone: the 0.1th and 99.9th percentile of its finite samples, all channels together so that
hues stay, become 0 and 255; what lies outside is clipped, what is not finite is black. Such files
come from microscopes, scanners and depth sensors whose range has nothing to do with the range of
the type, so no fixed shift would show them. Pictures above a megapixel are measured on a regular
grid of about a million pixels. Where both percentiles meet, the extremes take their place; a
picture of one single value is black.
"""

from math import ceil, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Samples = npt.NDArray[Any]

_DARKEST, _BRIGHTEST = 0.1, 99.9  # percent
_MEASURED_PIXELS = 1 << 20
_BAND_ROWS = 256  # rows converted at a time, so that float copies stay small


def eight_bit(samples: Samples, bits: int) -> Pixels:
    """(H, W) or (H, W, C) samples to uint8 of the same shape.

    ``bits`` are those in use where the type is uint8: 1 for bilevel, 4 for sixteen greys.
    """
    if samples.dtype == np.bool_:
        return np.multiply(samples, 255, dtype=np.uint8)
    if samples.dtype == np.uint8:
        largest = (1 << min(bits, 8)) - 1
        table = np.minimum(np.arange(256), largest) * 255 // largest
        return samples.view(np.uint8) if bits >= 8 else table.astype(np.uint8)[samples]
    dark, bright = _range(samples)
    if samples.dtype == np.uint16:
        return _stretched(np.arange(1 << 16, dtype=np.float64), dark, bright)[samples]
    stretched = np.empty(samples.shape, np.uint8)
    for top in range(0, samples.shape[0], _BAND_ROWS):
        band = samples[top : top + _BAND_ROWS].astype(np.float64)
        stretched[top : top + _BAND_ROWS] = _stretched(band, dark, bright)
    return stretched


def whole_range(samples: Samples) -> Pixels:
    """uint8 or uint16 samples to uint8 by the range of their type: for alpha and inks."""
    if samples.dtype == np.uint8:
        return samples.view(np.uint8)
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


def as_rgb(tones: Pixels) -> Pixels:
    """(H, W) or (H, W, 3) uint8 to a C-contiguous, writable (H, W, 3)."""
    if tones.ndim == 2:
        return np.repeat(tones[:, :, None], 3, axis=2)
    return np.require(tones, requirements=["C", "W"])


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Turn (H, W, C) by EXIF orientation 1 to 8; C-contiguous, the same array where it stands."""
    turns = {
        2: lambda: pixels[:, ::-1],
        3: lambda: pixels[::-1, ::-1],
        4: lambda: pixels[::-1],
        5: lambda: pixels.swapaxes(0, 1),
        6: lambda: np.rot90(pixels, -1),
        7: lambda: pixels[::-1, ::-1].swapaxes(0, 1),
        8: lambda: np.rot90(pixels),
    }
    return np.ascontiguousarray(turns[orientation]()) if orientation in turns else pixels


def on_white(rgb: Pixels, alpha: Pixels, *, premultiplied: bool = False) -> Pixels:
    """Lay (H, W, 3) on white where (H, W) ``alpha`` is not full; both uint8.

    White, because what is transparent by intent (scans, drawings, logos) is mostly dark ink meant
    for paper and would vanish on black. A full alpha changes nothing, so it costs nothing.
    """
    if alpha.min() == 255:
        return rgb
    laid = np.empty_like(rgb)
    for top in range(0, rgb.shape[0], _BAND_ROWS):
        rows = slice(top, top + _BAND_ROWS)
        cover = alpha[rows, :, None].astype(np.uint32)
        ink = rgb[rows] * np.uint32(255) if premultiplied else rgb[rows] * cover
        laid[rows] = np.minimum((ink + (255 - cover) * 255 + 127) // 255, 255)
    return laid


def _range(samples: Samples) -> tuple[float, float]:
    step = max(1, ceil(sqrt(samples.shape[0] * samples.shape[1] / _MEASURED_PIXELS)))
    measured = samples[::step, ::step].astype(np.float64)
    measured = measured[np.isfinite(measured)]
    if not measured.size:
        return 0.0, 0.0
    dark, bright = np.percentile(measured, (_DARKEST, _BRIGHTEST))
    if dark < bright:
        return float(dark), float(bright)
    finite = samples[np.isfinite(samples)]
    return float(finite.min()), float(finite.max())


def _stretched(samples: npt.NDArray[np.float64], dark: float, bright: float) -> Pixels:
    span = bright / 2 - dark / 2  # halves, so that the largest floats do not overflow
    if not span > 0:
        return np.zeros(samples.shape, np.uint8)
    samples = np.where(np.isfinite(samples), np.clip(samples, dark, bright), dark)
    return ((samples / 2 - dark / 2) / span * 255 + 0.5).astype(np.uint8)
