"""The demo command: the whole job on real photographs, with a picture at the end."""

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from annotator.cli.output import Output, count
from annotator.document.classes import ClassId
from annotator.document.proposal import Proposal
from annotator.flows import demo as demo_flow
from annotator.flows import export_flow
from annotator.flows.preview import Preview
from annotator.flows.segment_flow import SegmentFlow, SegmentOptions, open_images, pixel_counts
from annotator.flows.workspace import Workspace

FLAVOURS = ("coco", "coco-polygons")


@dataclass(slots=True)
class _Total:
    """What was answered on one kind of photograph."""

    images: int = 0
    seconds: float = 0.0
    pixels: Counter[ClassId] = field(default_factory=Counter)

    def add(self, proposal: Proposal, seconds: float) -> None:
        """One more photograph."""
        self.images += 1
        self.seconds += seconds
        self.pixels.update(pixel_counts(proposal))


def demo(wish: argparse.Namespace, output: Output) -> int:
    """Photographs, cues, answers, acceptance, two datasets, their proofs, one picture."""
    started = time.perf_counter()
    folders = demo_flow.demo_folders(wish.out)
    with output.reporter("Making the project") as reporter:
        workspace = demo_flow.make_demo_project(folders, reporter)
    with workspace:
        drawn = demo_flow.cue_count(workspace.project)
        output.say(
            f"{count(len(workspace.project.images), 'photograph')}; drawn on "
            f"{len(workspace.project.image_ids_with_cues())} of them: "
            + ", ".join(count(number, kind) for kind, number in drawn.items())
        )
        columns = [f"{row.name} px" for row in workspace.project.classes]
        rows = _segment(workspace, folders, output)
        reports = [_export(workspace, folders, flavour, output) for flavour in FLAVOURS]
    seconds = time.perf_counter() - started
    output.table(("photographs", "images", *columns, "seconds", "where"), rows)
    for flavour, report in zip(FLAVOURS, reports, strict=True):
        verdict = "all passed" if report.ok else "FAILED"
        output.say(
            f"{flavour}: {count(report.passed, 'check')}, {verdict}: {folders.export(flavour)}"
        )
    output.say(f"Done in {seconds:.1f} s. Look at {folders.sheet}")
    output.fact(
        out=str(folders.root), cues=drawn, seconds=round(seconds, 2),
        contact_sheet=str(folders.sheet),
        reports={flavour: r.as_json() for flavour, r in zip(FLAVOURS, reports, strict=True)},
    )  # fmt: skip
    if _has_display() and not (wish.headless or wish.json):
        output.say("Opening the window on the demo project; close it to come back.")
        _open_window(folders)
    return 0 if all(report.ok for report in reports) else 1


def _segment(
    workspace: Workspace, folders: demo_flow.DemoFolders, output: Output
) -> list[tuple[object, ...]]:
    """Answer and accept every photograph; one table row per kind of photograph."""
    flow = SegmentFlow(workspace, SegmentOptions(backbone=demo_flow.DEMO_BACKBONE))
    with output.reporter("Learning") as reporter:
        flow.learn(reporter)
    image_ids = open_images(workspace)
    preview = Preview(workspace, total=len(image_ids))
    totals: dict[str, _Total] = {}
    with output.reporter("Segmenting") as reporter:
        for answer in flow.answer(image_ids, reporter):
            if answer.proposal is None:
                continue
            preview.add(answer.proposal)
            flow.accept(answer.proposal)
            kind = workspace.project.images[answer.image_id].path.partition("/")[0]
            totals.setdefault(kind, _Total()).add(answer.proposal, answer.seconds)
    preview.save(folders.sheet, title="annotator demo")
    class_ids = workspace.project.classes.ids()
    return [
        (
            kind,
            total.images,
            *(total.pixels[class_id] for class_id in class_ids),
            total.seconds,
            str(folders.images / kind),
        )
        for kind, total in totals.items()
    ]


def _export(
    workspace: Workspace, folders: demo_flow.DemoFolders, flavour: str, output: Output
) -> export_flow.ValidationReport:
    with output.reporter(f"Exporting {flavour}") as reporter:
        wish = export_flow.options(flavour, split=(60, 20, 20), seed=0)
        return export_flow.export_project(workspace, folders.export(flavour), wish, reporter).report


def _open_window(folders: demo_flow.DemoFolders) -> None:
    """In a process of its own: this one has torch loaded, which a window never should have."""
    command = [sys.executable, "-m", "annotator", str(folders.project)]
    subprocess.run(command, check=False)


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
