"""Commands about a project: new, import, segment, export, validate."""

import argparse
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from annotator.cli.output import Output, count
from annotator.document.classes import BACKGROUND
from annotator.document.edits import add_class
from annotator.document.errors import DocumentError
from annotator.flows import export_flow, import_flow, kept_choices, segment_flow
from annotator.flows.image_folder import (
    add_folder,
    move_image_root,
    require_image_root,
    set_gone_aside,
)
from annotator.flows.preview import Preview
from annotator.flows.workspace import Workspace, gesture

SHOWN_PROBLEMS = 10
SHOWN_ANSWERS = 40


@dataclass(frozen=True, slots=True)
class _Summary:
    """One answered image in figures: pixels by class name, or the reason why there are none."""

    path: str
    seconds: float
    pixels: dict[str, int] = field(default_factory=dict)
    doubt: float = 0.0
    problem: str | None = None

    @property
    def labelled(self) -> int:
        """Pixels of any class."""
        return sum(self.pixels.values())

    def as_json(self) -> dict[str, object]:
        """For machines."""
        if self.problem is not None:
            return {"image": self.path, "problem": self.problem}
        return {
            "image": self.path,
            "pixels": self.pixels,
            "doubt": round(self.doubt, 4),
            "seconds": round(self.seconds, 3),
        }


def new(wish: argparse.Namespace, output: Output) -> int:
    """Make a project and list the images of a folder in it."""
    if not wish.images.is_dir():
        raise DocumentError(
            f"There is no folder '{wish.images}'; --images wants a folder of images."
        )
    with Workspace.create(wish.project, wish.images) as workspace:
        try:
            for name in wish.classes:
                workspace.do(gesture("Add class", name), [add_class(workspace.project, name)])
            with output.reporter("Listing images") as reporter:
                found = add_folder(workspace, reporter)
        except BaseException:
            workspace.discard()  # half a project would stand in the way of the next try
            raise
    output.say(f"Project '{wish.project}' with {count(found.added, 'image')}.")
    _say_problems(found.problems, output)
    output.fact(project=str(wish.project), images=found.added, problems=_as_facts(found.problems))
    return 0


def rescan(wish: argparse.Namespace, output: Output) -> int:
    """List what has come, gone or been mended since, perhaps in a folder that has moved."""
    with Workspace.open(wish.project) as workspace:
        if wish.images is not None:
            move_image_root(workspace, wish.images)
        require_image_root(workspace)
        with output.reporter("Listing images") as reporter:
            found = add_folder(workspace, reporter)
            gone = set_gone_aside(workspace)
        root = str(workspace.project.image_root)
    output.say(f"{count(found.added, 'image')} joined from '{root}'.")
    _say_problems(found.problems + gone, output)
    output.fact(images=found.added, folder=root, problems=_as_facts(found.problems + gone))
    return 0


def import_masks(wish: argparse.Namespace, output: Output) -> int:
    """Label images of the same names become truth or cues."""
    with Workspace.open(wish.project) as workspace, output.reporter("Importing") as reporter:
        done = import_flow.import_label_images(
            workspace,
            wish.masks,
            role=wish.role,
            names=wish.classes,
            values=wish.values,
            reporter=reporter,
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
        if not image_ids:
            return _say_nothing_open(workspace, output)
        flow = segment_flow.SegmentFlow(workspace, _segment_options(wish, workspace))
        with output.reporter("Learning") as reporter:
            shots = flow.learn(reporter)
        for remark in flow.remarks:
            output.say(remark)
        flow.remember()
        preview = Preview(workspace, total=len(image_ids))
        answers = []
        with output.reporter("Segmenting") as reporter:
            for answer in flow.answer(image_ids, reporter):
                if answer.proposal is not None:
                    preview.add(answer.proposal)
                    if wish.accept:
                        flow.accept(answer.proposal)
                answers.append(_summary(workspace, answer))
        sheet = _saved(preview, workspace.cache_folder / "preview.png", output)
        chosen = workspace.project.settings
    done = [answer for answer in answers if answer.problem is None]
    _say_answers(done, output)
    _say_problems(tuple((a.path, a.problem) for a in answers if a.problem is not None), output)
    verb = "accepted" if wish.accept else "answered, nothing accepted yet (--accept does)"
    seconds = time.perf_counter() - started
    output.say(
        f"{count(len(done), 'image')} {verb}, taught by {count(shots, 'image')}, in "
        f"{seconds:.1f} s, with {chosen.get('method')} on {chosen.get('backbone')}."
    )
    if sheet is not None:
        output.say(f"Preview: {sheet}")
    output.fact(
        images=[answer.as_json() for answer in answers],
        support=shots,
        seconds=round(seconds, 3),
        accepted=bool(wish.accept),
        preview=str(sheet) if sheet else None,
    )
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
    written = count(result.images, "image")
    if wish.format != "masks":  # label images have no annotations to count
        written += f" with {count(result.annotations, 'annotation')}"
    output.say(f"{written} in '{wish.out}'; {count(result.report.passed, 'check')} passed.")
    return _say_report(result.report, output)


def validate(wish: argparse.Namespace, output: Output) -> int:
    """Check a dataset on disk."""
    with output.reporter("Validating") as reporter:
        report = export_flow.validate_folder(wish.folder, reporter)
    output.say(f"{count(report.passed, 'check')} passed in '{wish.folder}'.")
    return _say_report(report, output)


def _saved(preview: Preview, path: Path, output: Output) -> Path | None:
    """The preview's path, or None: the answers stand, also where there is no room to show them."""
    try:
        return preview.save(path)
    except OSError as error:
        output.say(f"The preview '{path}' cannot be written: {error.strerror or error}.")
        return None


def _say_nothing_open(workspace: Workspace, output: Output) -> int:
    """Learning takes time and memory; without a question it would be for nothing."""
    if not segment_flow.usable_images(workspace):
        raise DocumentError(
            f"There is no image in '{workspace.folder}' that can be read; put some into "
            f"'{workspace.project.image_root}' and run 'annotator rescan'."
        )
    output.say("Every image is answered already; --again asks once more.")
    output.fact(images=[], support=0, seconds=0.0, accepted=False, preview=None)
    return 0


def _segment_options(wish: argparse.Namespace, workspace: Workspace) -> segment_flow.SegmentOptions:
    """What the project keeps, but for what the person says here.

    Raises `DocumentError` for a kept choice that cannot be met and that nothing here replaces.
    """
    kept = kept_choices.kept_choices(workspace.project, segment_flow.SegmentOptions())
    said = {kept_choices.METHOD: wish.method, kept_choices.BACKBONE: wish.backbone}
    for complaint in kept.complaints:
        if not said.get(complaint.key):
            raise DocumentError(
                f"This project's {complaint.key} cannot be used: {complaint.reason}"
            )
    return replace(
        kept.options,
        method=wish.method or kept.options.method,
        backbone=wish.backbone or kept.options.backbone,
        device=wish.device,
        size_px=wish.size,
        refine=kept.options.refine and not wish.no_refine,
        seed=wish.seed,
    )


def _say_problems(problems: tuple[tuple[str, str], ...], output: Output) -> None:
    for path, reason in problems[:SHOWN_PROBLEMS]:
        output.say(f"  left out '{path}': {reason}")
    if len(problems) > SHOWN_PROBLEMS:
        output.say(f"  and {len(problems) - SHOWN_PROBLEMS} more.")


def _as_facts(problems: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"image": path, "reason": reason} for path, reason in problems]


def _say_answers(answers: list[_Summary], output: Output) -> None:
    rows = [
        (a.path, ", ".join(a.pixels) or "background only", a.labelled, a.doubt, a.seconds)
        for a in answers[:SHOWN_ANSWERS]
    ]
    if rows:
        output.table(("image", "classes", "labelled px", "doubt", "seconds"), rows)
    if len(answers) > SHOWN_ANSWERS:
        output.say(f"and {count(len(answers) - SHOWN_ANSWERS, 'more image')}")


def _summary(workspace: Workspace, answer: segment_flow.Answer) -> _Summary:
    """What is told of an answer; the answer itself, a map of the image, is let go."""
    entry = workspace.project.images[answer.image_id]
    path = f"{entry.path} (page {entry.page + 1})" if entry.page else entry.path
    if answer.proposal is None:
        return _Summary(path, answer.seconds, problem=answer.problem)
    classes = workspace.project.classes
    counts = segment_flow.pixel_counts(answer.proposal)
    pixels = {classes[i].name: n for i, n in counts.items() if i != BACKGROUND and i in classes}
    return _Summary(path, answer.seconds, pixels, answer.proposal.doubt)


def _say_report(report: export_flow.ValidationReport, output: Output) -> int:
    for finding in report.findings[:SHOWN_PROBLEMS]:
        output.say(f"  {finding}")
    output.fact(report=report.as_json())
    return 0 if report.ok else 1
