"""The desk in the engine's process: digests, and settings that keep what they can."""

from dataclasses import replace
from pathlib import Path

import pytest
from lane_questions import image, lesson

from annotator.document.errors import DocumentError
from annotator.flows.engine_desk import Digests, EngineDesk
from annotator.flows.lane_messages import EngineSettings, PackedMarks
from annotator.flows.segment_flow import SegmentOptions
from engines.reporting import SilentReporter

QUIET = SilentReporter()


def test_a_digest_is_read_again_when_the_file_changes(photographs: Path) -> None:
    digests, first = Digests(), image(photographs, 0)
    before = digests.of(first)
    assert digests.of(first) == before
    first.path.write_bytes(image(photographs, 1).path.read_bytes())
    assert digests.of(first) == digests.of(image(photographs, 1)) != before
    first.path.unlink()
    with pytest.raises(DocumentError, match="disc_0"):
        digests.of(first)


def test_another_method_keeps_backbone_and_cache_and_another_device_does_not(
    photographs: Path,
) -> None:
    settings = EngineSettings(SegmentOptions(device="cpu"))
    desk = EngineDesk(settings)
    desk.learn(lesson(photographs).support, QUIET)
    backbone = desk.session.backbone
    assert desk.adopt(EngineSettings(replace(settings.options, method="panet")))
    assert desk.session.backbone is backbone
    assert desk.session.method_card.name == "panet"
    desk.learn(lesson(photographs, version=3).support, QUIET)
    rows, uncertainty, doubt, version = desk.answer(
        image(photographs, 2), PackedMarks.of(()), QUIET
    )
    assert rows.shape == uncertainty.shape == (96, 128)
    assert 0 <= doubt <= 1
    assert version == 3
    assert not desk.adopt(EngineSettings(replace(settings.options, device=None)))
