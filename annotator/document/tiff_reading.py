"""Pixels of one TIFF page, whatever its layout, depth and compression.

Which samples of a page become the picture: of axes beyond rows, columns and samples (depth, time)
the first plane; of 3 or 4 samples the first three as red, green and blue; otherwise the first
sample as grey. A further sample declared to be alpha is laid on white, any other is left out.
Palettes, inverted greys and CMYK inks are resolved; other colour models are refused, because
showing their raw numbers as colours would be wrong without a word.
"""

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from annotator.document.image_conversion import (
    Pixels,
    Samples,
    as_rgb,
    eight_bit,
    on_white,
    upright,
    whole_range,
)
from annotator.document.image_headers import Limits, refusal, tiff_pages

_EXPORT_AGAIN = "export it again as plain RGB or grey"
# Compressions whose decoder returns red, green and blue although the page says YCbCr.
_DECODED_TO_RGB = frozenset({"OJPEG", "JPEG", "ALT_JPEG", "JPEG_LOSSY", "JPEG2000", "WEBP"})


def tiff_pixels(path: Path, stream: BinaryIO, page: int, limits: Limits) -> Pixels:
    """(H, W, 3) uint8 RGB of one page, upright; `UnreadableImage` for what cannot be shown."""
    import tifffile  # with its codecs a tenth of a second, and most folders hold no TIFF

    found = tiff_pages(path, stream, limits).get(page)
    if found is None:
        raise refusal(path, f"it has no page {page}", "scan the folder again")
    stream.seek(0)
    with tifffile.TiffFile(stream) as tiff:
        sheet = tiff.pages[page]
        if (sheet.imagewidth, sheet.imagelength) != (found.width, found.height):
            raise refusal(path, f"the size of page {page} is told in two ways", _EXPORT_AGAIN)
        check_data(path, stream, sheet, limits)
        return upright(colours_of_page(path, sheet, sheet.asarray()), found.orientation)


def check_data(path: Path, stream: BinaryIO, sheet: Any, limits: Limits) -> None:
    """Refuse before decoding: some decoders fill what is missing without a word."""
    if sheet.dtype is None or sheet.dtype.kind not in "buif":
        raise refusal(path, f"its samples are of type {sheet.dtype}", _EXPORT_AGAIN)
    if sheet.nbytes > limits.max_decoded_bytes:
        raise refusal(path, f"a page decodes to {sheet.nbytes} bytes", "make it smaller")
    end = stream.seek(0, 2)
    segments = tuple(zip(sheet.dataoffsets, sheet.databytecounts, strict=False))
    if len(segments) < np.prod(sheet.chunked, dtype=np.int64):
        raise refusal(path, "parts of its pixels are missing", _EXPORT_AGAIN)
    if any(offset + count > end for offset, count in segments):
        raise refusal(path, "it is cut off", _EXPORT_AGAIN)


def colours_of_page(path: Path, sheet: Any, data: Samples) -> Pixels:
    """Resolve the colour model of a page whose samples are ``data``; (H, W, 3), not yet turned."""
    samples = _plane(data, sheet.axes)
    model, bits = sheet.photometric.name, int(sheet.bitspersample)
    if model == "PALETTE":
        return _looked_up(samples[:, :, 0], sheet.colormap)
    if model == "SEPARATED" and samples.shape[2] >= 4:
        return _from_inks(path, samples[:, :, :4])
    in_rgb = model == "YCBCR" and sheet.compression.name in _DECODED_TO_RGB
    if model not in ("RGB", "MINISBLACK", "MINISWHITE") and not in_rgb:
        raise refusal(path, f"its colour model {model} is not supported", _EXPORT_AGAIN)
    colours = 3 if samples.shape[2] in (3, 4) else 1
    tones = eight_bit(samples[:, :, :colours], bits)
    if model == "MINISWHITE":
        tones = np.invert(tones)
    rgb = as_rgb(tones if colours == 3 else tones[:, :, 0])
    return _without_alpha(rgb, samples, colours, sheet.extrasamples)


def _plane(data: Samples, axes: str) -> Samples:
    """The first plane as (H, W, samples)."""
    for axis in reversed(range(len(axes))):
        if axes[axis] not in "YXS":
            data = data.take(0, axis=axis)
    kept = "".join(axis for axis in axes if axis in "YXS")
    return data[:, :, None] if "S" not in kept else np.moveaxis(data, kept.index("S"), 2)


def _without_alpha(rgb: Pixels, samples: Samples, colours: int, extra: tuple[Any, ...]) -> Pixels:
    kind = extra[0].name if len(extra) == samples.shape[2] - colours == 1 else ""
    if kind not in ("ASSOCALPHA", "UNASSALPHA") or samples.dtype not in (np.uint8, np.uint16):
        return rgb
    alpha = whole_range(samples[:, :, colours])
    # Associated colours were multiplied by alpha already; a stretched range undoes that relation.
    premultiplied = kind == "ASSOCALPHA" and samples.dtype == np.uint8
    return on_white(rgb, alpha, premultiplied=premultiplied)


def _looked_up(indices: Samples, colormap: npt.NDArray[np.uint16]) -> Pixels:
    # The standard asks for 16-bit colours; some writers leave 8-bit ones.
    colours = colormap >> 8 if colormap.max() > 255 else colormap
    table: Pixels = np.ascontiguousarray(colours.T.astype(np.uint8))
    return table[np.minimum(indices, len(table) - 1)]


def _from_inks(path: Path, inks: Samples) -> Pixels:
    if inks.dtype not in (np.uint8, np.uint16):
        raise refusal(path, f"its inks are of type {inks.dtype}", _EXPORT_AGAIN)
    height, width = inks.shape[:2]
    # Pillow's own rule, so that CMYK looks alike in JPEG and TIFF.
    flat = np.ascontiguousarray(whole_range(inks)).tobytes()
    return np.array(Image.frombytes("CMYK", (width, height), flat).convert("RGB"))
