"""The session behind the engine's process: files become images, references become support sets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from annotator.document.image_reading import content_digest, read_pixels
from annotator.flows.engine_insight import Descriptions, class_doubt
from annotator.flows.lane_messages import (
    ClassDoubt,
    EngineSettings,
    ImageRef,
    PackedMarks,
    ShotRef,
    SupportRef,
)
from engines.backbones.cache import RAM_LIMIT_BYTES, FeatureCache
from engines.device import Device, choose_device
from engines.exchange import CrossScores, Floats, Pixels, Query, RowMap, Shot, SupportSet
from engines.reporting import Reporter
from engines.sessions.fewshot_session import FewShotSession, SessionOptions

LARGEST_CACHE_BYTES = 4 << 30

Bytes = npt.NDArray[np.uint8]
LiveAnswer = tuple[RowMap, Bytes, float, int]  # rows, uncertainty, doubt, support version


class Digests:
    """Digests of files, read once for as long as a file does not change."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, int], tuple[tuple[int, int], str]] = {}

    def of(self, image: ImageRef) -> str:
        """Raises `UnreadableImage`."""
        stamp = _stamp(image.path)
        known = self._known.get((image.path, image.page))
        if known is None or stamp is None or known[0] != stamp:
            known = (stamp or (0, 0), content_digest(image.path, image.page))
            self._known[image.path, image.page] = known
        return known[1]


class FileImage:
    """An image source that reads its file when somebody needs the pixels."""

    def __init__(self, image: ImageRef, digests: Digests) -> None:
        self._image = image
        self._digests = digests

    @property
    def digest(self) -> str:
        """Of the file as it is now."""
        return self._digests.of(self._image)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return self._image.size

    def pixels(self) -> Pixels:
        """Decode now; raises `UnreadableImage`."""
        return read_pixels(self._image.path, self._image.page)


class EngineDesk:
    """One open session. Marks that did not change are not unpacked again."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._digests = Digests()
        self._device = choose_device(settings.options.device)
        self._cache = _cache(settings, self._device)
        self._session = self._opened(settings.options.backbone)
        self._shots: dict[str, Shot] = {}
        self._descriptions = Descriptions()

    @property
    def device_text(self) -> str:
        """The device for a person."""
        return self._device.title

    @property
    def session(self) -> FewShotSession:
        """The session at work."""
        return self._session

    def adopt(self, settings: EngineSettings) -> bool:
        """Go on with other settings if cache and device may stay; else False, and open anew."""
        before, self._settings = self._settings, settings
        same_place = (before.cache_folder, before.models_dir, before.options.device) == (
            settings.cache_folder,
            settings.models_dir,
            settings.options.device,
        )
        if not same_place:
            return False
        if replace(before.options, threshold=settings.options.threshold) == settings.options:
            return True  # read when answering: neither session nor what it learned depends on it
        same_backbone = before.options.backbone == settings.options.backbone
        backbone = self._session.backbone if same_backbone else settings.options.backbone
        self._session = self._opened(backbone)
        return True

    def learn(self, support: SupportRef, reporter: Reporter) -> None:
        """Raises what `FewShotSession.set_support` raises, or `UnreadableImage`."""
        known, self._shots = self._shots, {}
        for shot in support.shots:
            self._shots[shot.key] = known.get(shot.key) or self._unpacked(shot)
        self._session.set_support(
            SupportSet(
                class_ids=support.class_ids,
                names=support.names,
                shots=tuple(self._shots[shot.key] for shot in support.shots),
                prompts=support.prompts,
                version=support.version,
            ),
            reporter,
        )

    def answer(self, image: ImageRef, fixed: PackedMarks, reporter: Reporter) -> LiveAnswer:
        """Rows (H, W), reduced uncertainty (h, w) uint8, its mean in [0, 1], support version."""
        query = Query(FileImage(image, self._digests), fixed.marks())
        threshold = self._settings.options.threshold
        found = self._session.answer(query, reporter, threshold=threshold)
        return found.rows, found.uncertainty, found.doubt, found.support_version

    def encode(self, image: ImageRef, reporter: Reporter) -> None:
        """Fill the feature cache for one image."""
        self._session.encode_ahead([FileImage(image, self._digests)], reporter)

    def insight(
        self, image: ImageRef, rows: Bytes, uncertainty: Bytes, reporter: Reporter
    ) -> tuple[ClassDoubt, Floats]:
        """Doubt by row of an answer, and the description (d,) of its image."""
        source = FileImage(image, self._digests)
        described = self._descriptions.of(source, self._session, reporter)
        return class_doubt(rows, uncertainty), described

    def cross_check(self, reporter: Reporter) -> CrossScores:
        """Judge the images learned from by each other."""
        return self._session.cross_check(reporter)

    def polish(self, reporter: Reporter) -> bool:
        """Look for a better answer to what was learned last; True if it is given from now on."""
        return self._session.polish(reporter)

    def _unpacked(self, shot: ShotRef) -> Shot:
        image = FileImage(shot.image, self._digests)
        return Shot(image, shot.marks.marks(), shot.present, shot.absent)

    def _opened(self, backbone: object) -> FewShotSession:
        options = self._settings.options
        chosen = SessionOptions(refine=options.refine, seed=options.seed)
        if options.size_px is not None:
            chosen = SessionOptions(options.size_px, refine=options.refine, seed=options.seed)
        return FewShotSession(
            options.method,
            backbone,  # type: ignore[arg-type]  # a name or an open backbone
            device=self._device,
            models_dir=self._settings.models_dir,
            cache=self._cache,
            options=chosen,
        )


def _cache(settings: EngineSettings, device: Device) -> FeatureCache:
    """In memory up to an eighth of what the machine has: a gallery of hundreds stays at hand."""
    folder = settings.cache_folder
    share = device.memory_bytes // 8 if device.torch_device.type == "cpu" else RAM_LIMIT_BYTES
    limit = min(max(share, RAM_LIMIT_BYTES), LARGEST_CACHE_BYTES)
    return FeatureCache(None if folder is None else folder / "features", ram_limit_bytes=limit)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Time of change and length; None where the file is not to be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
