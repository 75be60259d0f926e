"""Commands about a project: new, import, segment, export, validate."""

import argparse
import time

from annotator.cli.output import Output, count
from annotator.document.classes import BACKGROUND
from annotator.document.edits import add_class
from annotator.document.errors import DocumentError
from annotator.document.images import ImageId
from annotator.document.proposal import Proposal
from annotator.flows import export_flow, import_flow, segment_flow
from annotator.flows.image_folder import add_folder
from annotator.flows.preview import Preview
from annotator.flows.workspace import Workspace, gesture

SHOWN_PROBLEMS = 10


def new(wish: argparse.Namespace, output: Output) -> int:
    """Make a project and list the images of a folder in it."""
    if not wish.images.is_dir():
        raise DocumentError(
            f"There is no folder '{wish.images}'; --images wants a folder of images."
        )
    with Workspace.create(wish.project, wish.images) as workspace:
        for name in wish.classes:
            workspace.do(gesture("Add class", name), [add_class(workspace.project, name)])
        with output.reporter("Listing images") as reporter:
            found = add_folder(workspace, reporter)
    output.say(f"Project '{wish.project}' with {count(found.added, 'image')}.")
    _say_problems(found.problems, output)
    output.fact(
        project=str(wish.project),
        images=found.added,
        problems=[{"image": path, "reason": reason} for path, reason in found.problems],
    )
    return 0


def import_masks(wish: argparse.Namespace, output: Output) -> int:
    """Label images of the same names become truth or cues."""
    with Workspace.open(wish.project) as workspace, output.reporter("Importing") as reporter:
        done = import_flow.import_label_images(
            workspace, wish.masks, role=wish.role, names=wish.classes, reporter=reporter
        )
    kind = "accepted truth" if wish.role == "truth" else "cues"
    output.say(f"{count(done.imported, 'label image')} became {kind}.")
    _say_problems(done.problems, output)
    output.fact(
        imported=done.imported,
        role=wish.role,
        problems=[{"mask": path, "reason": reason} for path, reason in done.problems],
    )
    return 0 if done.imported else 1


def segment(wish: argparse.Namespace, output: Output) -> int:
    """Answer on all open images; with --accept the answers become truth."""
    started = time.perf_counter()
    with Workspace.open(wish.project) as workspace:
        image_ids = segment_flow.open_images(workspace, again=wish.again)
        flow = segment_flow.SegmentFlow(workspace, _segment_options(wish, workspace))
        with output.reporter("Learning") as reporter:
            shots = flow.learn(reporter)
        flow.remember()
        preview = Preview(workspace, total=len(image_ids))
        rows, facts = [], []
        with output.reporter("Segmenting") as reporter:
            for answer in flow.answer(image_ids, reporter):
                if answer.proposal is not None:
                    preview.add(answer.proposal)
                    if wish.accept:
                        flow.accept(answer.proposal)
                rows.append(_answer_row(workspace, answer))
                facts.append(_answer_fact(workspace, answer))
        sheet = preview.save(workspace.cache_folder / "preview.png")
        chosen = workspace.project.settings
    seconds = time.perf_counter() - started
    _say_answers(rows, output)
    verb = "accepted" if wish.accept else "answered, nothing accepted yet (--accept does)"
    output.say(
        f"{count(len(rows), 'image')} {verb}, taught by {count(shots, 'image')}, in "
        f"{seconds:.1f} s, with {chosen.get('method')} on {chosen.get('backbone')}."
    )
    if sheet is not None:
        output.say(f"Preview: {sheet}")
    output.fact(
        images=facts, support=shots, seconds=round(seconds, 3), accepted=bool(wish.accept),
        preview=str(sheet) if sheet else None,
    )  # fmt: skip
    return 0


def export(wish: argparse.Namespace, output: Output) -> int:
    """Write the accepted truth and prove it."""
    with Workspace.open(wish.project) as workspace, output.reporter("Exporting") as reporter:
        result = export_flow.export_project(
            workspace,
            wish.out,
            export_flow.options(
                wish.format,
                split=wish.split,
                seed=wish.seed,
                instances=wish.instances,
                overwrite=wish.overwrite,
            ),
            reporter,
        )
    output.say(
        f"{count(result.images, 'image')} with {count(result.annotations, 'annotation')} in "
        f"'{wish.out}'; {count(result.report.passed, 'check')} passed."
    )
    return _say_report(result.report, output)


def validate(wish: argparse.Namespace, output: Output) -> int:
    """Check a dataset on disk."""
    with output.reporter("Validating") as reporter:
        report = export_flow.validate_folder(wish.folder, reporter)
    output.say(f"{count(report.passed, 'check')} passed in '{wish.folder}'.")
    return _say_report(report, output)


def _segment_options(wish: argparse.Namespace, workspace: Workspace) -> segment_flow.SegmentOptions:
    last = workspace.project.settings
    return segment_flow.SegmentOptions(
        method=wish.method or last.get("method", segment_flow.DEFAULT_METHOD),
        backbone=wish.backbone or last.get("backbone", segment_flow.DEFAULT_BACKBONE),
        device=wish.device,
        size_px=wish.size,
        refine=not wish.no_refine,
        seed=wish.seed,
    )


def _say_problems(problems: tuple[tuple[str, str], ...], output: Output) -> None:
    for path, reason in problems[:SHOWN_PROBLEMS]:
        output.say(f"  left out '{path}': {reason}")
    if len(problems) > SHOWN_PROBLEMS:
        output.say(f"  and {len(problems) - SHOWN_PROBLEMS} more.")


def _say_answers(rows: list[tuple[object, ...]], output: Output) -> None:
    if rows:
        output.table(("image", "classes", "labelled px", "doubt", "seconds"), rows[:40])
    if len(rows) > 40:
        output.say(f"and {len(rows) - 40} more images")


def _answer_row(workspace: Workspace, answer: segment_flow.Answer) -> tuple[object, ...]:
    path = workspace.project.images[answer.image_id].path
    if answer.proposal is None:
        return path, answer.problem or "no answer", 0, 0.0, answer.seconds
    shares = _pixels_by_class(workspace, answer.proposal)
    names = ", ".join(shares) or "background only"
    return path, names, sum(shares.values()), answer.proposal.doubt, answer.seconds


def _answer_fact(workspace: Workspace, answer: segment_flow.Answer) -> dict[str, object]:
    facts: dict[str, object] = {"image": _path(workspace, answer.image_id)}
    if answer.proposal is None:
        return {**facts, "problem": answer.problem}
    return {
        **facts,
        "pixels": _pixels_by_class(workspace, answer.proposal),
        "doubt": round(answer.proposal.doubt, 4),
        "seconds": round(answer.seconds, 3),
    }


def _pixels_by_class(workspace: Workspace, proposal: Proposal) -> dict[str, int]:
    counts = segment_flow.pixel_counts(proposal)
    classes = workspace.project.classes
    return {classes[c].name: n for c, n in counts.items() if c != BACKGROUND and c in classes}


def _path(workspace: Workspace, image_id: ImageId) -> str:
    return workspace.project.images[image_id].path


def _say_report(report: export_flow.ValidationReport, output: Output) -> int:
    for finding in report.findings[:SHOWN_PROBLEMS]:
        output.say(f"  {finding}")
    output.fact(report=report.as_json())
    return 0 if report.ok else 1
