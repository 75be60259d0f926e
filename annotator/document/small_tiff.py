"""Small copies of TIFF pages: from a reduced copy in the file, or from every n-th row and column.

Reduced copies are pages marked so by NewSubfileType (TIFF 6.0, section 8), either following the
page they were made from or in its SubIFDs (Adobe PageMaker 6.0 TIFF notes). One is believed only
where its shape and its samples are those of the page.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from annotator.document.image_conversion import Pixels, Samples, upright
from annotator.document.image_headers import Limits, refusal, tiff_pages
from annotator.document.tiff_reading import check_data, colours_of_page

_REDUCED = 1  # NewSubfileType of a reduced copy that is nothing else besides
_MOST_COPIES = 32  # halving a hundred thousand pixels takes seventeen
_SHAPE_TOLERANCE = 0.05  # copies round their sides; what differs more shows something else


def small_tiff_pixels(
    path: Path, stream: BinaryIO, page: int, limits: Limits, least_side: int
) -> Pixels:
    """(h, w, 3) uint8 RGB of one page, upright, its longer side at least ``least_side`` pixels.

    As large as the page where nothing smaller can be read at less cost. Raises `UnreadableImage`.
    """
    import tifffile  # with its codecs a tenth of a second, and most folders hold no TIFF

    found = tiff_pages(path, stream, limits).get(page)
    if found is None:
        raise refusal(path, f"it has no page {page}", "scan the folder again")
    stream.seek(0)
    with tifffile.TiffFile(stream) as tiff:
        sheet = tiff.pages[page]
        if (sheet.imagewidth, sheet.imagelength) != (found.width, found.height):
            advice = "export it again as plain RGB or grey"
            raise refusal(path, f"the size of page {page} is told in two ways", advice)
        check_data(path, stream, sheet, limits)
        chosen = _smallest(_copies(tiff, page), sheet, least_side)
        if chosen is not sheet:
            check_data(path, stream, chosen, limits)
        data = _thinned(stream, chosen, least_side)
        return upright(colours_of_page(path, chosen, data), found.orientation)


def _copies(tiff: Any, page: int) -> Iterator[Any]:
    """Pages of the file that say they are reduced copies of this one."""
    sheet = tiff.pages[page]
    for number in range(page + 1, min(page + 1 + _MOST_COPIES, len(tiff.pages))):
        follower = tiff.pages[number]
        if follower.subfiletype != _REDUCED:
            break
        yield follower
    if sheet.subifds:
        inner = sheet.pages
        for number in range(min(len(inner), _MOST_COPIES)):
            if inner[number].subfiletype == _REDUCED:
                yield inner[number]


def _smallest(copies: Iterator[Any], sheet: Any, least_side: int) -> Any:
    fitting = (copy for copy in copies if _long_side(copy) >= least_side and _alike(copy, sheet))
    return min((sheet, *fitting), key=_long_side)


def _alike(copy: Any, sheet: Any) -> bool:
    wide, high = copy.imagewidth / sheet.imagewidth, copy.imagelength / sheet.imagelength
    return bool(
        abs(wide - high) <= _SHAPE_TOLERANCE * max(wide, high)
        and copy.dtype == sheet.dtype
        and copy.axes == sheet.axes
        and copy.photometric == sheet.photometric
        and copy.samplesperpixel == sheet.samplesperpixel
    )


def _thinned(stream: BinaryIO, sheet: Any, least_side: int) -> Samples:
    """Samples of a page; of bare ones only every n-th row and column, as the axes have them."""
    step = max(1, _long_side(sheet) // least_side)
    bare = sheet.is_final and sheet.axes in ("YX", "YXS") and not sheet.is_tiled
    if step == 1 or not bare:
        whole: Samples = sheet.asarray()
        return whole
    kind = np.dtype(sheet.dtype).newbyteorder(sheet.parent.byteorder)
    row_shape = sheet.shape[1:]
    row_bytes = kind.itemsize * int(np.prod(row_shape, dtype=np.int64))
    kept = []
    for row in range(step // 2, sheet.shape[0], step):
        stream.seek(sheet.dataoffsets[0] + row * row_bytes)
        line = np.frombuffer(stream.read(row_bytes), kind).reshape(row_shape)
        kept.append(line[step // 2 :: step])
    return np.stack(kept).astype(sheet.dtype)


def _long_side(sheet: Any) -> int:
    return int(max(sheet.imagewidth, sheet.imagelength))
