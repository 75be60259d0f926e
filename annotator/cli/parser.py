"""The grammar of the command line: every command, its options, and the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from annotator import __version__
from annotator.cli import (
    demo_command,
    evaluate_command,
    model_commands,
    project_commands,
    train_command,
)
from annotator.cli.output import Output

if TYPE_CHECKING:  # argparse's own class of "commands" is private and generic only for checkers
    Verbs = argparse._SubParsersAction[argparse.ArgumentParser]

Command = Callable[[argparse.Namespace, Output], int]
FORMATS = ("coco", "coco-polygons", "masks")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse, or leave with exit code 2 and a usage line."""
    return _parser().parse_args(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="annotator",
        description="Mark a few images, let an engine answer on all of them, export a dataset.",
        epilog="Start with: annotator demo",
    )
    parser.add_argument("--version", action="version", version=f"annotator {__version__}")
    verbs = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (
        _new,
        _rescan,
        _import,
        _segment,
        _export,
        _validate,
        _models,
        _train,
        _evaluate,
        _doctor,
        _demo,
    ):
        add(verbs)
    return parser


def _verb(verbs: Verbs, name: str, command: Command, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    parser.set_defaults(command=command)
    parser.add_argument("--json", action="store_true", help="print one JSON object for machines")
    parser.add_argument("--verbose", action="store_true", help="log what happens inside")
    return parser


def _new(verbs: Verbs) -> None:
    verb = _verb(verbs, "new", project_commands.new, "Make a project from a folder of images.")
    verb.add_argument("project", type=Path, metavar="PROJECT", help="folder of the new project")
    verb.add_argument("--images", type=Path, required=True, metavar="DIR", help="folder of images")
    verb.add_argument("--classes", type=_names, default=(), metavar="A,B", help="class names")


def _rescan(verbs: Verbs) -> None:
    verb = _verb(
        verbs, "rescan", project_commands.rescan,
        "Look through the folder of images again: new ones join, those that are gone are set aside "
        "with all that was made on them, those that are back are open again.",
    )  # fmt: skip
    verb.add_argument("project", type=Path, metavar="PROJECT")
    verb.add_argument("--images", type=Path, metavar="DIR", help="where the folder is now")


def _import(verbs: Verbs) -> None:
    verb = _verb(
        verbs, "import", project_commands.import_masks,
        "Bring label images in: PNGs whose values are class ids, named like the images.",
    )  # fmt: skip
    verb.add_argument("project", type=Path, metavar="PROJECT")
    verb.add_argument(
        "--masks", type=Path, required=True, metavar="DIR", help="folder of label PNGs"
    )
    verb.add_argument(
        "--as", dest="role", choices=("truth", "support"), default="truth",
        help="accepted truth (default), or cues that teach while the image stays open",
    )  # fmt: skip
    naming = verb.add_mutually_exclusive_group()
    naming.add_argument(
        "--classes", type=_names, default=(), metavar="A,B",
        help="names for the ids 1, 2, ... found in the masks",
    )  # fmt: skip
    naming.add_argument(
        "--values", type=_values, metavar="V=A,W=B",
        help="what each pixel value means where they are no class ids: 255=crack for masks of "
        "black and white; 0 is background, and masks with other values are left out",
    )  # fmt: skip


def _segment(verbs: Verbs) -> None:
    verb = _verb(verbs, "segment", project_commands.segment, "Answer on every image that is open.")
    verb.add_argument("project", type=Path, metavar="PROJECT")
    verb.add_argument(
        "--method", metavar="M", help="few-shot method (default: as last time, or probe)"
    )
    verb.add_argument(
        "--backbone", metavar="B", help="features (default: as last time, or filters)"
    )
    verb.add_argument("--device", metavar="D", help="cpu, cuda or mps (default: measured)")
    verb.add_argument("--size", type=_positive, metavar="PX", help="working size of the long side")
    verb.add_argument("--no-refine", action="store_true", help="do not snap masks to image edges")
    verb.add_argument("--accept", action="store_true", help="make the answers truth")
    verb.add_argument("--again", action="store_true", help="also answer images accepted before")
    verb.add_argument("--seed", type=int, default=0, metavar="N")


def _export(verbs: Verbs) -> None:
    verb = _verb(verbs, "export", project_commands.export, "Write the accepted truth as a dataset.")
    verb.add_argument("project", type=Path, metavar="PROJECT")
    verb.add_argument("--format", choices=FORMATS, required=True)
    verb.add_argument("--out", type=Path, required=True, metavar="DIR")
    verb.add_argument("--split", type=_split, metavar="80/10/10", help="train/val/test in percent")
    verb.add_argument("--seed", type=int, default=0, metavar="N", help="of the split")
    verb.add_argument(
        "--instances", action="store_true", help="one annotation per connected object"
    )
    verb.add_argument("--overwrite", action="store_true", help="replace a former export in DIR")


def _validate(verbs: Verbs) -> None:
    verb = _verb(verbs, "validate", project_commands.validate, "Check an exported dataset.")
    verb.add_argument("folder", type=Path, metavar="DIR")


def _models(verbs: Verbs) -> None:
    summary = "List networks and weights, import a weights file, or fetch a published one."
    group = verbs.add_parser("models", help=summary, description=summary)
    actions = group.add_subparsers(title="actions", required=True, metavar="ACTION")
    _verb(actions, "list", model_commands.list_models, "List what is known and what is there.")
    verb = _verb(
        actions, "import", model_commands.import_model, "Import safetensors or torch weights."
    )
    verb.add_argument("file", type=Path, metavar="FILE")
    verb.add_argument(
        "--as", dest="network", metavar="NETWORK",
        help="which network it is; open_clip:ViT-B-16 or timm:convnext_tiny for other libraries",
    )  # fmt: skip
    verb.add_argument("--name", metavar="NAME", help="what to call it (default: as the file)")
    verb.add_argument(
        "--preprocess", choices=("imagenet", "tf", "centred", "caffe", "clip", "half", "plain"),
        help="how the network wants its images (default: as usual for the network)",
    )  # fmt: skip
    verb = _verb(
        actions, "fetch", model_commands.fetch_model,
        "Bring published weights from their publisher; goes on where it was stopped.",
    )  # fmt: skip
    verb.add_argument("name", nargs="?", metavar="NAME", help="which (default: list them)")
    verb.add_argument("--yes", action="store_true", help="accept the licence without being asked")


def _train(verbs: Verbs) -> None:
    summary = "Train a method on labelled pictures."
    group = verbs.add_parser("train", help=summary, description=summary)
    methods = group.add_subparsers(title="methods", required=True, metavar="METHOD")
    verb = _verb(methods, "panet", train_command.train_panet, train_command.SUMMARY)
    train_command.add_panet_options(verb)
    verb = _verb(
        methods, "vocabulary", train_command.train_vocabulary, train_command.VOCABULARY_SUMMARY
    )
    train_command.add_vocabulary_options(verb)


def _evaluate(verbs: Verbs) -> None:
    verb = _verb(verbs, "evaluate", evaluate_command.evaluate, evaluate_command.SUMMARY)
    evaluate_command.add_options(verb)


def _doctor(verbs: Verbs) -> None:
    _verb(verbs, "doctor", model_commands.doctor, "Say what this machine has and what is missing.")


def _demo(verbs: Verbs) -> None:
    verb = _verb(verbs, "demo", demo_command.demo, "Run the whole job on real photographs.")
    verb.add_argument("--headless", action="store_true", help="open nothing on the screen")
    verb.add_argument("--out", type=Path, metavar="DIR", help="where (default: annotator-demo)")


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if len(set(names)) != len(names):
        raise argparse.ArgumentTypeError("each class name may stand once")
    return names


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number above 0")
    return int(text)


def _values(text: str) -> dict[int, str]:
    named = {}
    for part in text.split(","):
        value, sign, name = part.partition("=")
        if not (sign and name.strip() and value.strip().isdecimal() and 1 <= int(value) <= 255):
            raise argparse.ArgumentTypeError("values look like 255=crack or 1=leaf,2=stem")
        if int(value) in named:
            raise argparse.ArgumentTypeError(f"the value {int(value)} stands twice")
        named[int(value)] = name.strip()
    return named


def _split(text: str) -> tuple[int, ...]:
    try:
        parts = tuple(int(part) for part in text.split("/"))
    except ValueError:
        raise argparse.ArgumentTypeError("a split looks like 80/10/10") from None
    if not 1 <= len(parts) <= 3 or min(parts) < 0 or sum(parts) != 100:
        raise argparse.ArgumentTypeError("a split has one to three parts that add up to 100")
    return parts
