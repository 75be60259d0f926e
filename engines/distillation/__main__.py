"""`python -m engines.distillation`: train the embedded backbone, or write the trained one down."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from engines.backbones.catalog import open_backbone
from engines.backbones.embedded_plans import EMBEDDED_PLANS
from engines.device import choose_device
from engines.distillation.objective import Lesson
from engines.distillation.pictures import Source, find_pictures
from engines.distillation.shelf import put_on_shelf
from engines.distillation.trainer import Curriculum, Trainer
from engines.errors import Cancelled, EngineError
from engines.reporting import CancelToken

LESSONS = {
    "resnet18": (("layer1", 0, 0.25), ("layer2", 1, 0.5), ("layer3", 2, 1.0)),
    "mobilenet_v1": (("block3", 0, 0.25), ("block5", 1, 0.5), ("block11", 2, 1.0)),
}


class LineReporter:
    """Prints where it stands, at most every ten seconds."""

    def __init__(self, token: CancelToken) -> None:
        self._token, self._next = token, 0.0

    def progress(self, fraction: float, message: str = "") -> None:
        """One line."""
        if time.monotonic() >= self._next or fraction >= 1:
            self._next = time.monotonic() + 10
            sys.stderr.write(f"{100 * fraction:5.1f} %  {message}\n")
            sys.stderr.flush()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` after Ctrl+C or an end by the system."""
        if self._token.cancelled:
            raise Cancelled("Training was stopped; the same command goes on.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, 1 for what went wrong, 130 when stopped."""
    wish = _parser().parse_args(arguments)
    token = CancelToken()
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda _number, _frame: token.cancel())
    try:
        trainer = _trainer(wish)
        trainer.run(LineReporter(token))
        if wish.shelf is not None:
            put_on_shelf(trainer, wish.design, wish.name, wish.shelf, data=wish.data_words)
    except Cancelled as stopped:
        sys.stderr.write(f"{stopped}\n")
        return 130
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _trainer(wish: argparse.Namespace) -> Trainer:
    device = choose_device(wish.device)
    sources = find_pictures(wish.data, leave_out=wish.leave_out)
    teachers = {name: open_backbone(name, device, wish.models) for name in wish.teachers}
    lessons = tuple(
        Lesson(name, layer, stage, weight)
        for name, teacher in teachers.items()
        for layer, stage, weight in LESSONS[teacher.card.name.split(".")[0].removesuffix("_layer3")]
    )
    plan = Curriculum(
        design=wish.design, images=wish.images, batch=wish.batch, side=wish.side,
        agreement=wish.agreement, seed=wish.seed, shares=dict(wish.share), lessons=lessons,
    )  # fmt: skip
    groups = [_group(source, wish.data) for source in sources]
    return Trainer(plan, sources, groups, teachers, device, wish.out)


def _group(source: Source, folders: Sequence[Path]) -> str:
    """The first folder below one of those named."""
    for folder in folders:
        if source.file.is_relative_to(folder):
            parts = source.file.relative_to(folder).parts
            return parts[0] if len(parts) > 1 else folder.name
    return source.file.parent.name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engines.distillation", description=__doc__, fromfile_prefix_chars="@"
    )
    add = parser.add_argument
    add("--data", type=Path, nargs="+", required=True, help="folders of images and zip archives")
    add("--leave-out", nargs="*", default=(), help="patterns of file names to keep out")
    add("--share", nargs="*", type=_share, default=(), help="GROUP=FRACTION of what is looked at")
    add("--models", type=Path, default=None, help="folder with the teachers")
    add("--teachers", nargs="+", default=["mobilenet_v1", "resnet18_layer3"])
    add("--design", choices=sorted(EMBEDDED_PLANS), default="embedded")
    add("--images", type=int, default=200_000, help="crops to look at in all")
    add("--batch", type=int, default=64)
    add("--side", type=int, default=128, help="of a crop in pixels")
    add("--agreement", type=float, default=0.15, help="weight of the dense loss without teachers")
    add("--seed", type=int, default=0)
    add("--device", default=None)
    add("--out", type=Path, required=True, help="folder of checkpoints; a run there goes on")
    add("--shelf", type=Path, default=None, help="folder for weights and card when done")
    add("--name", default="embedded")
    add("--data-words", default="", help="what the card says of data and terms")
    return parser


def _share(text: str) -> tuple[str, float]:
    group, _, part = text.partition("=")
    return group, float(part)


if __name__ == "__main__":
    raise SystemExit(main())
