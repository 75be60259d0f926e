"""The viewport: which part of an image is on the screen, and where each of its points falls.

Zoom is device pixels per image pixel, so 100 % is sharp on every screen. Lengths of the view are
device pixels; only the widget knows logical ones. The image's corner falls on a whole device
pixel, so panning never resamples anything.
"""

from dataclasses import dataclass, replace

from annotator.document.annotations import Point

LARGEST_ZOOM = 64.0
SMALLEST_ZOOM = 1 / 64
FIT_LEAVES = 0.94  # of the view's side: a little air around the fitted image
FIT_ENLARGES = 8.0  # at most: an icon of 16 pixels stays an icon
STAYS_VISIBLE = 48.0  # device pixels of the image that no pan can push out of the view
WHEEL_NOTCH = 1.2  # zoom factor


@dataclass(frozen=True, slots=True)
class Viewport:
    """``image`` (H, W); ``view`` (width, height) in device pixels; ``left, top``: image corner."""

    image: tuple[int, int]
    view: tuple[int, int]
    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0

    @classmethod
    def fitted(cls, image: tuple[int, int], view: tuple[int, int]) -> "Viewport":
        """The whole image, centred, with a little air around it."""
        zoom = min(view[0] / image[1], view[1] / image[0]) * FIT_LEAVES
        zoom = min(max(zoom, SMALLEST_ZOOM), FIT_ENLARGES)
        return cls(image, view, zoom).centred((image[1] / 2, image[0] / 2))

    @property
    def origin(self) -> tuple[int, int]:
        """(x, y): the device pixel on which the image's corner falls."""
        return round(self.left), round(self.top)

    @property
    def extent(self) -> tuple[int, int]:
        """(width, height) of the whole image in device pixels, at least 1."""
        height, width = self.image
        return max(1, round(width * self.zoom)), max(1, round(height * self.zoom))

    @property
    def smallest(self) -> float:
        """How far out it zooms: half of fitting, so a large image never gets lost as a dot."""
        return min(1.0, Viewport.fitted(self.image, self.view).zoom) / 2

    def to_image(self, x: float, y: float) -> Point:
        """Device pixel position in the view -> image coordinates."""
        left, top = self.origin
        return (x - left) / self.zoom, (y - top) / self.zoom

    def to_view(self, x: float, y: float) -> Point:
        """Image coordinates -> device pixel position in the view."""
        left, top = self.origin
        return x * self.zoom + left, y * self.zoom + top

    def zoomed(self, zoom: float, about: Point) -> "Viewport":
        """At ``zoom``, within limits; the image point under ``about`` (device pixels) stays."""
        zoom = min(max(zoom, self.smallest), LARGEST_ZOOM)
        ratio = zoom / self.zoom
        left = about[0] - (about[0] - self.left) * ratio
        top = about[1] - (about[1] - self.top) * ratio
        return replace(self, zoom=zoom, left=left, top=top).kept_visible()

    def panned(self, dx: float, dy: float) -> "Viewport":
        """The image moved by device pixels, as far as some of it stays visible."""
        return replace(self, left=self.left + dx, top=self.top + dy).kept_visible()

    def scrolled(self, dx: float, dy: float) -> "Viewport":
        """Panned, but a side that is in view from end to end stays where it is."""
        (left, top), (width, height) = self.origin, self.extent
        whole_across = left >= 0 and left + width <= self.view[0]
        whole_down = top >= 0 and top + height <= self.view[1]
        return self.panned(0.0 if whole_across else dx, 0.0 if whole_down else dy)

    def centred(self, point: Point) -> "Viewport":
        """The image point moved to the middle of the view."""
        left = self.view[0] / 2 - point[0] * self.zoom
        top = self.view[1] / 2 - point[1] * self.zoom
        return replace(self, left=left, top=top)

    def resized(self, view: tuple[int, int], ratio: float = 1.0) -> "Viewport":
        """The view has another size: its middle keeps its image point; zoom times ``ratio``."""
        middle = self.to_image(self.view[0] / 2, self.view[1] / 2)
        return replace(self, view=view, zoom=self.zoom * ratio).centred(middle).kept_visible()

    def kept_visible(self) -> "Viewport":
        """The same, or moved just so far that a strip of the image is in the view."""
        left = _within(self.left, self.view[0], self.image[1] * self.zoom)
        top = _within(self.top, self.view[1], self.image[0] * self.zoom)
        return replace(self, left=left, top=top)


def _within(start: float, view: int, length: float) -> float:
    strip = min(STAYS_VISIBLE, length, view)
    return min(max(start, strip - length), view - strip)
