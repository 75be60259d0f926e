"""The view of the class list: as high as its lines, dragged and edited in place."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QListView

from annotator.panels.class_model import ClassModel

LEAST_LINES = 3


class ClassView(QListView):
    """Wants to be as high as its lines, and makes do with three of them."""

    def __init__(self, model: ClassModel) -> None:
        super().__init__()
        self._count = 0
        self.setAccessibleName("Classes")
        self.setModel(model)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setDropIndicatorShown(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def fit(self, count: int) -> None:
        """Have so many lines."""
        self._count = count
        self.setMaximumHeight(self.sizeHint().height())
        self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102 - Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:  # text of another size: lines of another height
            self.scheduleDelayedItemsLayout()
            self.fit(self._count)

    def sizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(super().sizeHint().width(), self._height_of(self._count))

    def minimumSizeHint(self) -> QSize:  # noqa: N802, D102 - Qt's name
        return QSize(80, self._height_of(min(self._count, LEAST_LINES)))

    def _height_of(self, count: int) -> int:
        return max(0, self.sizeHintForRow(0)) * count + 2
