"""What is noted beside an answer: doubt by class, and one description of every image."""

from pathlib import Path

import numpy as np
import pytest
from lane_questions import image

from annotator.flows.engine_desk import Digests, EngineDesk, FileImage
from annotator.flows.engine_insight import Descriptions, class_doubt
from annotator.flows.lane_messages import EngineSettings
from annotator.flows.segment_flow import SegmentOptions
from engines.reporting import SilentReporter
from engines.sessions.fewshot_session import FewShotSession

QUIET = SilentReporter()


def test_doubt_is_the_mean_over_the_pixels_of_each_row() -> None:
    rows = np.zeros((40, 60), np.uint8)
    rows[:20, :30] = 3
    uncertainty = np.where(rows == 3, 102, 0).astype(np.uint8)
    uncertainty[20:, :] = 51
    assert class_doubt(rows, uncertainty) == (
        (0, pytest.approx(51 * 1200 / 1800 / 255), 1800),
        (3, pytest.approx(0.4), 600),
    )


@pytest.mark.parametrize("smaller", [(1, 1), (10, 15), (512, 384)])
def test_a_reduced_map_of_doubt_gives_about_the_same(smaller: tuple[int, int]) -> None:
    rows = np.zeros((1024, 768), np.uint8)
    rows[256:] = 1
    h, _ = smaller
    uncertainty = np.zeros(smaller, np.uint8)
    uncertainty[h // 4 :] = 255
    found = {row: (doubt, pixels) for row, doubt, pixels in class_doubt(rows, uncertainty)}
    assert found[1][0] == pytest.approx(1.0, abs=0.15)
    assert sum(pixels for _, pixels in found.values()) == rows.size


def test_an_image_is_described_once_and_alike_images_lie_close(
    photographs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = EngineDesk(EngineSettings(SegmentOptions(device="cpu"))).session
    digests, calls = Digests(), list[str]()
    plain = FewShotSession.describe

    def noted(self: FewShotSession, source: FileImage, reporter: SilentReporter) -> object:
        calls.append(source.digest)
        return plain(self, source, reporter)

    monkeypatch.setattr(FewShotSession, "describe", noted)
    known = Descriptions()
    first, second = (FileImage(image(photographs, k), digests) for k in (0, 1))
    one, other = known.of(first, session, QUIET), known.of(second, session, QUIET)
    assert known.of(first, session, QUIET) is one
    assert calls == [first.digest, second.digest]
    assert one.shape == (64,)
    assert one.dtype == np.float32
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(one - other) < 0.3  # the same ground, the disc elsewhere
