"""The evaluate command: tables of few-shot segmentation, and the effort of a simulated person."""

import argparse
from pathlib import Path

from annotator.cli.output import Output
from annotator.flows import engine_shelf, evaluation_flow
from annotator.flows.evaluation_flow import (
    EFFORT,
    RIVALS,
    TARGETS,
    TASKS,
    EffortWish,
    EvaluationWish,
    effort_set_names,
)
from annotator.flows.segment_flow import DEFAULT_BACKBONE, DEFAULT_METHOD

SUMMARY = (
    "Measure a method and a backbone by a published protocol, on a folder laid out with one folder "
    "per set, or on any folder of images and masks (task 'folder'); 'effort' counts the strokes of "
    "a simulated person. Figures are in percent."
)


def add_options(verb: argparse.ArgumentParser) -> None:
    """The options of `annotator evaluate`."""
    add = verb.add_argument
    add("task", choices=(*TASKS, EFFORT), metavar="TASK", help=", ".join((*TASKS, EFFORT)))
    add("--data", type=Path, required=True, metavar="DIR", help="folder of the sets")
    add("--method", default=DEFAULT_METHOD, metavar="M")
    add("--backbone", default=DEFAULT_BACKBONE, metavar="B")
    add("--shots", type=int, default=1, metavar="K", help="images to learn from")
    add("--support", choices=("mask", "scribble", "box", "text", "none"), default="mask",
        help="what is given of each")  # fmt: skip
    add("--scribbles", choices=("robot", "strokes"), default="robot", help="how scribbles are made")
    add("--seeds", type=int, default=1, metavar="S", help="how many draws; mean and spread")
    add("--episodes", type=int, default=200, metavar="N", help="per fold, where there are folds")
    add("--size", type=int, metavar="PX", help="working size of the long side")
    add("--no-refine", action="store_true", help="leave edges as the features give them")
    add("--device", metavar="D", help="cpu, cuda or mps (default: measured)")
    add("--sets", nargs="+", choices=effort_set_names(), metavar="SET",
        help=f"for effort: {', '.join(effort_set_names())} (default: all)")  # fmt: skip
    add("--workers", nargs="+", choices=RIVALS, default=RIVALS, metavar="W",
        help="for effort: forest, ridge, default")  # fmt: skip
    add("--strokes", type=int, default=60, metavar="N", help="for effort: at most")


def evaluate(wish: argparse.Namespace, output: Output) -> int:
    """Measure, and say it as a markdown row or as JSON."""
    if wish.task == EFFORT:
        return _effort(wish, output)
    asked = EvaluationWish(
        task=wish.task, data=wish.data, method=wish.method, backbone=wish.backbone,
        shots=wish.shots, support=wish.support, seeds=wish.seeds, style=wish.scribbles,
        episodes=wish.episodes, size_px=wish.size, refine=not wish.no_refine, device=wish.device,
    )  # fmt: skip
    folder = engine_shelf.models_folder()
    with output.reporter(f"Measuring {wish.task}") as reporter:
        report = evaluation_flow.evaluate(asked, reporter, models_dir=folder)
    output.say(f"{report.header}\n{report.row}")
    for key in ("protocol", "machine"):
        output.say(f"{key}: {report.figures[key]}")
    notes = report.figures["notes"]
    for note in notes if isinstance(notes, list) else ():
        output.say(f"note: {note}")
    output.fact(**report.figures, markdown=report.row)
    return 0


def _effort(wish: argparse.Namespace, output: Output) -> int:
    asked = EffortWish(
        data=wish.data, names=tuple(wish.sets or effort_set_names()), workers=tuple(wish.workers),
        strokes=wish.strokes, backbone=wish.backbone,
    )  # fmt: skip
    folder = engine_shelf.models_folder()
    with output.reporter("Labelling") as reporter:
        found = list(evaluation_flow.measure_effort(asked, reporter, models_dir=folder))
    head = ("set", "worker", *(f"strokes to {t}" for t in TARGETS), "last IoU", "s per stroke")
    rows = [
        (one.set_name, one.worker, *(_told(one.reached[t]) for t in TARGETS),
         f"{one.curve[-1]:.1f}", f"{one.seconds_per_stroke:.2f}")
        for one in found
    ]  # fmt: skip
    output.table(head, rows)
    output.fact(
        strokes_at_most=wish.strokes,
        effort=[
            {"set": one.set_name, "worker": one.worker, "curve": one.curve,
             "seconds_per_stroke": one.seconds_per_stroke,
             "reached": {str(t): reached for t, reached in one.reached.items()}}
            for one in found
        ],
    )  # fmt: skip
    return 0


def _told(reached: tuple[int, float] | None) -> str:
    return "-" if reached is None else f"{reached[0]} ({reached[1]:.1f} s)"
