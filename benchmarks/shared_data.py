"""What the benchmarks share: their options, reading image sets, a session on imported weights."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engines.backbones.cache import FeatureCache
from engines.backbones.importing import import_weights
from engines.device import choose_device
from engines.exchange import ArrayImage, Mark, MarkKind
from engines.sessions.fewshot_session import FewShotSession, SessionOptions
from engines.weights import list_weights

RowImage = npt.NDArray[np.uint8]


def arguments(description: str, *, method: str, backbone: str) -> argparse.ArgumentParser:
    """The options every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder of the image sets")
    parser.add_argument("--models", type=Path, default=None, help="folder of weights")
    parser.add_argument("--backbone", default=backbone)
    parser.add_argument("--method", default=method)
    parser.add_argument("--device", default="auto")
    return parser


@contextmanager
def session_for(options: argparse.Namespace, settings: SessionOptions) -> Iterator[FewShotSession]:
    """The real session; weights that were never imported are, into a folder that goes away."""
    with tempfile.TemporaryDirectory() as shelf:
        yield FewShotSession(
            options.method,
            options.backbone,
            device=choose_device(options.device),
            models_dir=_shelf(options, Path(shelf)),
            cache=FeatureCache(ram_limit_bytes=3 << 30),
            options=settings,
        )


def described(session: FewShotSession) -> str:
    """Method, backbone and what the backbone was trained on: part of every figure."""
    backbone = session.backbone_card
    return (
        f"method {session.method_card.name}, backbone {backbone.name}, "
        f"pretraining {backbone.pretraining}, long side {session.size_px} px"
    )


def picture(path: Path) -> ArrayImage:
    """An image file in memory."""
    with Image.open(path) as opened:
        return ArrayImage(np.array(opened.convert("RGB")))


def labels(path: Path) -> RowImage:
    """A label image (H, W) uint8 as it is."""
    with Image.open(path) as opened:
        return np.array(opened)


def masks(rows: RowImage) -> tuple[Mark, ...]:
    """One mask per row of a fully labelled image; 255 stays unsaid."""
    present = [int(row) for row in np.unique(rows) if row != 255]
    return tuple(Mark(row, (0, 0), rows == row, MarkKind.MASK) for row in present)


def _shelf(options: argparse.Namespace, folder: Path) -> Path | None:
    """A folder in which the backbone can be opened by name."""
    if options.models is None or any(
        w.name == options.backbone for w in list_weights(options.models)
    ):
        return options.models
    raw = options.models / f"{options.backbone}.safetensors"
    if not raw.is_file():
        return options.models
    import_weights(raw, models_dir=folder)
    return folder
