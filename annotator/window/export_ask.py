"""What an export is asked for: for whom, split how, where to."""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from annotator.flows.export_flow import ExportOptions, options
from annotator.look.measures import GAP, GRID
from annotator.look.pieces import heading, push_button, row, words
from annotator.window.choice_card import ChoiceCard
from annotator.window.fields import DropList, Tick

Shares = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Preset:
    """One consumer, what it reads, and what is therefore written."""

    title: str
    reads: str
    flavour: str
    ending: str  # of the folder's name
    instances: bool = False
    masks: bool = False


PRESETS = (
    Preset("torchvision, Detectron2, MMDetection",
           "COCO with lossless masks (RLE), one entry per connected object. Read by pycocotools.",
           "coco", "coco", instances=True),
    Preset("Ultralytics YOLO",
           "COCO with polygons, since its converter refuses RLE. Give the file to convert_coco.",
           "coco-polygons", "polygons", instances=True),
    Preset("MMSegmentation, SMP, your own Dataset",
           "One 8-bit PNG of class ids per image in masks/, and a table of the classes.",
           "masks", "masks"),
    Preset("Everything, to keep or to check",
           "COCO with lossless masks, one entry per class, and the label images beside it.",
           "coco", "coco", masks=True),
)  # fmt: skip

SPLITS: tuple[tuple[str, Shares | None], ...] = (
    ("No split", None),
    ("80 / 20: train, val", (80, 20, 0)),
    ("80 / 10 / 10: train, val, test", (80, 10, 10)),
    ("70 / 15 / 15: train, val, test", (70, 15, 15)),
    ("Other shares…", (60, 20, 20)),
)
OWN_SHARES = len(SPLITS) - 1


class ExportAsk(QWidget):
    """The fields; ``changed`` after any of them was touched."""

    changed = Signal()

    def __init__(self, project_folder: Path) -> None:
        super().__init__()
        self._project_folder = project_folder
        self.cards = tuple(ChoiceCard(preset.title, preset.reads) for preset in PRESETS)
        self.split = DropList()
        self.shares = tuple(_share_field(name) for name in ("Train", "Val", "Test"))
        self.instances = Tick("One entry per connected object")
        self.folder = QLineEdit()
        self.browse = push_button("Browse…", self.choose_folder, icon_name="folder")
        self._own_name = False  # whether the person has named the folder
        self.overwrite = False
        self._fill()
        self._lay_out()
        self._connect()
        self.cards[0].setChecked(True)
        self._show_shares()

    @property
    def preset(self) -> Preset:
        """The chosen consumer."""
        return next(p for p, card in zip(PRESETS, self.cards, strict=True) if card.isChecked())

    @property
    def out(self) -> Path:
        """Where to; the home folder's ``~`` is understood."""
        return Path(self.folder.text().strip()).expanduser()

    def wish(self) -> ExportOptions:
        """All of it. Raises `InvalidOption` where shares are all 0."""
        preset, shares = self.preset, SPLITS[self.split.currentIndex()][1]
        if self.split.currentIndex() == OWN_SHARES:
            shares = (self.shares[0].value(), self.shares[1].value(), self.shares[2].value())
        return options(
            preset.flavour,
            split=shares,
            instances=preset.flavour != "masks" and self.instances.isChecked(),
            masks=preset.masks,
            overwrite=self.overwrite,
        )

    def choose_folder(self) -> None:
        """Ask for a place on the disk."""
        chosen = QFileDialog.getExistingDirectory(self, "An empty folder for the dataset")
        if chosen:
            self.folder.setText(chosen)
            self._on_named()

    def set_running(self, running: bool) -> None:
        """Nothing can be changed while it is being written."""
        for field in (*self.cards, self.split, *self.shares, self.folder, self.browse):
            field.setEnabled(not running)
        self.instances.setEnabled(not running and self.preset.flavour != "masks")

    def _fill(self) -> None:
        for name, _ in SPLITS:
            self.split.addItem(name)
        self.split.setAccessibleName("Split")
        self.folder.setAccessibleName("Folder of the dataset")
        self.folder.setPlaceholderText("A new or empty folder")

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(GAP)
        for place, card in enumerate(self.cards):
            grid.addWidget(card, place // 2, place % 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(heading("Who will read it"))
        layout.addLayout(grid)
        layout.addWidget(self.instances)
        layout.addSpacing(GAP)
        layout.addWidget(heading("Split"))
        layout.addLayout(row(self.split, *self.shares, 1))
        layout.addWidget(words("Classes are spread evenly; the same labels always split alike."))
        layout.addSpacing(GAP)
        layout.addWidget(heading("Where to"))
        place_line = row(spacing=GRID)
        place_line.addWidget(self.folder, 1)
        place_line.addWidget(self.browse)
        layout.addLayout(place_line)

    def _connect(self) -> None:
        for card in self.cards:
            card.toggled.connect(lambda on: self._on_preset() if on else None)
        self.split.currentIndexChanged.connect(lambda _place: self._show_shares())
        for share in self.shares:
            share.valueChanged.connect(lambda _value: self.changed.emit())
        self.instances.toggled.connect(lambda _on: self.changed.emit())
        self.folder.textEdited.connect(lambda _text: self._on_named())
        self.folder.textChanged.connect(lambda _text: self._on_place())

    def _on_preset(self) -> None:
        preset = self.preset
        self.instances.setChecked(preset.instances)
        self.instances.setEnabled(preset.flavour != "masks")
        if not self._own_name:
            name = f"{self._project_folder.name}-{preset.ending}"
            self.folder.setText(str(self._project_folder.with_name(name)))
        self.changed.emit()

    def _on_named(self) -> None:
        self._own_name = True

    def _on_place(self) -> None:
        self.overwrite = False  # a promise about the folder before holds for no other
        self.changed.emit()

    def _show_shares(self) -> None:
        for share in self.shares:
            share.setVisible(self.split.currentIndex() == OWN_SHARES)
        self.changed.emit()


def _share_field(name: str) -> QSpinBox:
    field = QSpinBox()
    field.setRange(0, 100)
    field.setPrefix(f"{name} ")
    field.setSuffix(" %")
    field.setAccessibleName(f"Share of {name.lower()}")
    field.setValue(
        dict(zip(("Train", "Val", "Test"), SPLITS[OWN_SHARES][1] or (), strict=True))[name]
    )
    field.setAlignment(Qt.AlignmentFlag.AlignRight)
    return field
