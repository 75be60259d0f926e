"""The demo command: the whole job on real photographs, with a picture at the end."""

import argparse
import os
import sys
import time
import webbrowser

from annotator.cli.output import Output, count
from annotator.flows import demo as demo_flow
from annotator.flows import export_flow
from annotator.flows.preview import Preview
from annotator.flows.segment_flow import SegmentFlow, SegmentOptions, open_images, pixel_counts
from annotator.flows.workspace import Workspace

FLAVOURS = ("coco", "coco-polygons")


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
        rows = _segment(workspace, folders, output)
        reports = [_export(workspace, folders, flavour, output) for flavour in FLAVOURS]
    seconds = time.perf_counter() - started
    output.table(("photographs", "images", "gland px", "nucleus px", "coin px", "seconds"), rows)
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
        webbrowser.open(folders.sheet.resolve().as_uri())
    return 0 if all(report.ok for report in reports) else 1


def _segment(
    workspace: Workspace, folders: demo_flow.DemoFolders, output: Output
) -> list[tuple[object, ...]]:
    """Answer and accept every photograph; one table row per kind of photograph."""
    flow = SegmentFlow(workspace, SegmentOptions())
    with output.reporter("Learning") as reporter:
        flow.learn(reporter)
    image_ids = open_images(workspace)
    preview = Preview(workspace, total=len(image_ids))
    totals: dict[str, list[float]] = {}
    with output.reporter("Segmenting") as reporter:
        for answer in flow.answer(image_ids, reporter):
            if answer.proposal is None:
                continue
            preview.add(answer.proposal)
            flow.accept(answer.proposal)
            counts = pixel_counts(answer.proposal)
            kind = workspace.project.images[answer.image_id].path.partition("/")[0]
            row = totals.setdefault(kind, [0, *(0 for _ in workspace.project.classes), 0.0])
            row[0] += 1
            for column, class_id in enumerate(workspace.project.classes.ids(), start=1):
                row[column] += counts.get(class_id, 0)
            row[-1] += answer.seconds
    preview.save(folders.sheet, title="annotator demo")
    return [(kind, *(int(n) for n in row[:-1]), row[-1]) for kind, row in totals.items()]


def _export(
    workspace: Workspace, folders: demo_flow.DemoFolders, flavour: str, output: Output
) -> export_flow.ValidationReport:
    with output.reporter(f"Exporting {flavour}") as reporter:
        wish = export_flow.options(flavour, split=(60, 20, 20), seed=0)
        return export_flow.export_project(workspace, folders.export(flavour), wish, reporter).report


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
