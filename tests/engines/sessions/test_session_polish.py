"""The second tier at the desk: asked for, or always for those who can wait."""

import numpy as np
import pytest
from fewshot_toys import ToyBackbone, masks, scene, support

from engines.device import choose_device
from engines.errors import UnusableSupport
from engines.exchange import ArrayImage, Bitmap, Mark, MarkKind, Query, Shot, SupportSet
from engines.sessions.fewshot_session import FewShotSession, SessionOptions


def session_of(method: str = "probe", *, polish: bool = False) -> FewShotSession:
    options = SessionOptions(polish=polish, refine=False)
    return FewShotSession(method, ToyBackbone(), device=choose_device("cpu"), options=options)


def tiles(seed: int) -> tuple[ArrayImage, Bitmap]:
    """Tiles of eight colours under noise; marked are those with one or three of red, green, blue,
    which no plane through colours parts from the others."""
    draw = np.random.default_rng(seed)
    parts = draw.integers(0, 2, (3, 8, 12)).astype(bool)
    lit = np.stack([np.kron(one, np.ones((16, 16), bool)) for one in parts], axis=-1)
    noisy = 60 + 120 * lit + draw.normal(0, 30, lit.shape)
    odd: Bitmap = lit.sum(axis=-1) % 2 == 1
    return ArrayImage(np.clip(noisy, 0, 255).astype(np.uint8)), odd


def hard_support(images: int, *, version: int = 1) -> SupportSet:
    shots = []
    for seed in range(images):
        image, odd = tiles(seed)
        marks = tuple(Mark(row, (0, 0), odd == bool(row), MarkKind.MASK) for row in (0, 1))
        shots.append(Shot(image, marks))
    return SupportSet((11,), ("odd",), tuple(shots), version=version)


def share_right(session: FewShotSession, seed: int) -> float:
    image, odd = tiles(seed)
    return float(((session.answer(Query(image)).rows == 1) == odd).mean())


def test_polishing_changes_the_answers_for_the_better_until_something_new_is_learned() -> None:
    session = session_of()
    session.set_support(hard_support(4))
    before = share_right(session, 20)
    assert session.tier == "instant"
    assert session.polish()
    assert session.tier == "polished"
    assert share_right(session, 20) > before + 0.1
    assert session.answer(Query(tiles(20)[0])).support_version == 1
    assert not session.polish()
    session.set_support(hard_support(4, version=2))
    assert session.tier == "instant"
    assert share_right(session, 20) == before


def test_those_who_can_wait_get_the_second_tier_whatever_was_learned_before() -> None:
    asked, always = session_of(), session_of(polish=True)
    asked.set_support(hard_support(4))
    asked.polish()
    always.set_support(hard_support(3))
    always.set_support(hard_support(4))
    assert always.tier == asked.tier == "polished"
    query = Query(tiles(20)[0])
    np.testing.assert_array_equal(
        asked.predict(query).probabilities, always.predict(query).probabilities
    )


@pytest.mark.parametrize("method", ["panet", "probe"])
def test_where_there_is_no_better_tier_nothing_changes(method: str) -> None:
    session = session_of(method)
    image, rows = scene(0)
    session.set_support(support(Shot(image, masks(rows))))
    query = Query(scene(1)[0])
    before = session.predict(query).probabilities
    assert not session.polish()
    assert session.tier == "instant"
    np.testing.assert_array_equal(session.predict(query).probabilities, before)


def test_nothing_learned_is_nothing_to_polish() -> None:
    with pytest.raises(UnusableSupport, match="mark"):
        session_of().polish()
