"""Exporting: stream the images, write the files, prove them, and only then put them in place."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from PIL import Image

from annotator.export.coco import (
    Flavour,
    InstancesWriter,
    Record,
    annotation_records,
    image_record,
)
from annotator.export.contact_sheet import SheetTile, choose_tiles, render_contact_sheet
from annotator.export.dataset import (
    IGNORE,
    Dataset,
    ExportImage,
    Labels,
    category_lookup,
    pixel_counts,
    read_category_map,
    read_checked_pixels,
)
from annotator.export.errors import ExportStopped, ExportUnproven, InvalidOption
from annotator.export.findings import Progress, StopQuestion, ValidationReport
from annotator.export.label_images import (
    palette,
    write_class_tables,
    write_ignore_mask,
    write_label_image,
)
from annotator.export.names import output_stems
from annotator.export.photos import write_photo
from annotator.export.report import Tally, write_readme, write_report
from annotator.export.splits import ALL, SplitShares, assign_splits
from annotator.export.staging import staged
from annotator.export.validate import validate_export

Format = Literal["coco", "coco-polygons", "masks"]
FORMATS: tuple[Format, ...] = get_args(Format)
WRITING_SHARE, CHECKING_SHARE = 0.7, 0.25  # of the progress; the contact sheet takes the rest
SHEET_NAME = "contact_sheet.png"
FORMAT_NAMES: dict[Format, str] = {
    "coco": "COCO, lossless masks",
    "coco-polygons": "COCO, polygons",
    "masks": "label images",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What to write.

    ``instances`` makes one annotation per 8-connected object instead of one per class; ``masks``
    adds label images to a COCO export, against which it can be checked again later.
    ``include_empty`` keeps images without any annotation; ``copy_sources`` allows plain JPEG and
    PNG files to be copied with all their metadata, otherwise every image becomes a PNG.
    """

    format: Format = "coco"
    split: SplitShares | None = None
    seed: int = 0
    instances: bool = False
    masks: bool = False
    overwrite: bool = False
    include_empty: bool = True
    copy_sources: bool = True

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise InvalidOption(f"There is no format '{self.format}'; choose {', '.join(FORMATS)}.")
        if self.format == "masks" and self.instances:
            raise InvalidOption("Label images hold classes, not objects; export instances as COCO.")


@dataclass(frozen=True, slots=True)
class ExportResult:
    """What was put in place, and the proof."""

    folder: Path
    images: int
    annotations: int
    splits: tuple[tuple[str, int], ...]
    report: ValidationReport


@dataclass(frozen=True, eq=False)
class _Written:
    """One image that is in the staging folder."""

    image: ExportImage
    file_name: str  # POSIX, relative to images/
    present: frozenset[int]


def _quiet(fraction: float, message: str) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


def export_dataset(
    dataset: Dataset,
    out: Path,
    options: ExportOptions | None = None,
    *,
    report: Progress = _quiet,
    should_stop: StopQuestion = _never,
) -> ExportResult:
    """Write ``dataset`` to the folder ``out``, checked, or leave everything as it was.

    One image is in memory at a time. Raises a subclass of `ExportError`; whatever a reader of the
    dataset raises passes through. ``report`` gets the fraction done and a few words.
    """
    options = options or ExportOptions()
    sources = [image.source for image in dataset.images if image.source is not None]
    with staged(out, overwrite=options.overwrite, sources=sources) as folder:
        return _Export(dataset, options, folder, Path(out), report, should_stop).run()


class _Export:
    """One export into its staging folder."""

    def __init__(
        self,
        dataset: Dataset,
        options: ExportOptions,
        folder: Path,
        out: Path,
        report: Progress,
        should_stop: StopQuestion,
    ) -> None:
        self._dataset, self._options, self._folder, self._out = dataset, options, folder, out
        self._report, self._should_stop = report, should_stop
        self._lookup = category_lookup(dataset.categories)
        self._colours = palette(dataset.categories)
        self._tally = Tally()
        self._with_masks = options.masks or options.format == "masks"

    def run(self) -> ExportResult:
        """Write, prove, describe."""
        (self._folder / "images").mkdir()
        with self._instances_writer() as writer:
            written = self._write_images(writer)
            split_of, names = self._splits(written)
            if writer is not None:
                writer.deal(split_of, names)
        if self._with_masks:
            write_class_tables(self._dataset.categories, self._folder)
        if writer is None and self._options.split is not None:
            self._write_split_lists(written, split_of, names)
        validation = self._prove(written)
        sizes = {name: split_of.count(name) for name in names}
        self._describe(written, sizes, validation)
        annotations = sum(self._tally.annotations.values())
        return ExportResult(self._out, len(written), annotations, tuple(sizes.items()), validation)

    def _instances_writer(self) -> AbstractContextManager[InstancesWriter | None]:
        if self._options.format == "masks":
            return nullcontext()
        return InstancesWriter(self._folder, self._dataset.title, self._dataset.categories)

    def _write_images(self, writer: InstancesWriter | None) -> list[_Written]:
        images = self._dataset.images
        written: list[_Written] = []
        for done, (image, stem) in enumerate(zip(images, output_stems(images), strict=True)):
            self._raise_if_stopped()
            self._report(WRITING_SHARE * done / len(images), f"Writing {image.name}")
            category_map = read_category_map(image, self._lookup)
            counts = pixel_counts(category_map)
            if not self._options.include_empty and not counts[1:IGNORE].any():
                continue
            photo = write_photo(
                image, self._folder / "images" / stem, copy_sources=self._options.copy_sources
            )
            self._tally.copied += photo.copied
            self._write_label_images(category_map, stem)
            found: dict[int, int] = {}
            name = photo.path.relative_to(self._folder / "images").as_posix()
            if writer is not None:
                record = image_record(len(written) + 1, name, image.size)
                found = writer.add(record, self._annotations(category_map))
            written.append(_Written(image, name, self._tally.add(counts, found)))
        return written

    def _annotations(self, category_map: Labels) -> Iterator[Record]:
        flavour: Flavour = "coco-polygons" if self._options.format == "coco-polygons" else "coco"
        return annotation_records(category_map, flavour, instances=self._options.instances)

    def _write_label_images(self, category_map: Labels, stem: str) -> None:
        if self._with_masks:
            write_label_image(category_map, self._folder / "masks" / f"{stem}.png", self._colours)
        if self._options.format != "masks":
            ignore = self._folder / "ignore" / f"{stem}.png"
            self._tally.ignore_masks += write_ignore_mask(category_map, ignore)

    def _splits(self, written: Sequence[_Written]) -> tuple[tuple[str, ...], list[str]]:
        """The split of each image, and the names of all splits."""
        shares = self._options.split
        if shares is None:
            return (ALL,) * len(written), [ALL]
        presence = [item.present for item in written]
        groups = [item.image.source or item.image.name for item in written]
        split_of = assign_splits(presence, groups, shares, seed=self._options.seed)
        return split_of, list(shares.wanted)

    def _write_split_lists(
        self, written: Sequence[_Written], split_of: Sequence[str], names: Sequence[str]
    ) -> None:
        folder = self._folder / "splits"
        folder.mkdir()
        for name in names:
            lines = [
                item.file_name + "\n"
                for item, split in zip(written, split_of, strict=True)
                if split == name
            ]
            (folder / f"{name}.txt").write_text("".join(lines), "utf-8", newline="\n")

    def _prove(self, written: Sequence[_Written]) -> ValidationReport:
        """Read everything back from disk; `ExportUnproven` if it is not what it should be."""
        by_name = {item.file_name: item.image for item in written}

        def truth(file_name: str) -> Labels | None:
            image = by_name.get(file_name)
            return None if image is None else read_category_map(image, self._lookup)

        def progress(fraction: float, message: str) -> None:
            self._report(WRITING_SHARE + CHECKING_SHARE * fraction, message)

        validation = validate_export(
            self._folder, truth=truth, ours=True, report=progress, should_stop=self._should_stop
        )
        if not validation.ok:
            first = next(f for f in validation.findings if f.severity == "error")
            raise ExportUnproven(
                f"The export failed its own checks and was not put in place. {first} "
                "Please report this as a fault of the program."
            )
        return validation

    def _describe(
        self, written: Sequence[_Written], sizes: dict[str, int], validation: ValidationReport
    ) -> None:
        """Contact sheet, README and report."""
        self._raise_if_stopped()
        self._report(WRITING_SHARE + CHECKING_SHARE, "Drawing the contact sheet")
        self._contact_sheet(written).save(self._folder / SHEET_NAME, "PNG", compress_level=3)
        write_readme(self._folder, self._options.format, sizes, self._tally)
        write_report(
            self._folder,
            dataset=self._dataset,
            options=asdict(self._options),
            tally=self._tally,
            splits=sizes,
            validation=validation,
        )
        self._report(1.0, "Done")

    def _contact_sheet(self, written: Sequence[_Written]) -> Image.Image:
        chosen = [written[i] for i in choose_tiles([item.present for item in written])]
        tiles = [
            SheetTile(item.file_name, read_checked_pixels(item.image), item.image.read_classes())
            for item in chosen
        ]
        categories = self._dataset.categories
        shares = {c.class_id: self._tally.share(k) for k, c in enumerate(categories, start=1)}
        annotations = sum(self._tally.annotations.values())
        facts = [_counted(len(written), "image"), _counted(len(categories), "class", "classes")]
        if annotations:
            facts.insert(1, _counted(annotations, "annotation"))
        subtitle = " · ".join([*facts, FORMAT_NAMES[self._options.format]])
        return render_contact_sheet(tiles, categories, self._dataset.title, subtitle, shares=shares)

    def _raise_if_stopped(self) -> None:
        if self._should_stop():
            raise ExportStopped("The export was stopped; nothing was put in place.")


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
