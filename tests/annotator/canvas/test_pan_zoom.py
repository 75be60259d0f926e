import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.canvas.pan_zoom import LARGEST_ZOOM, STAYS_VISIBLE, Viewport

sides = st.integers(1, 20_000)
views = st.tuples(st.integers(20, 4000), st.integers(20, 4000))


@given(image=st.tuples(sides, sides), view=views)
def test_a_fitted_image_lies_within_the_view_and_in_its_middle(image, view) -> None:
    port = Viewport.fitted(image, view)
    (left, top), (width, height) = port.origin, port.extent
    if port.zoom > 1 / 64:
        assert -1 <= left <= view[0] - width + 1
        assert -1 <= top <= view[1] - height + 1
    middle = port.to_image(view[0] / 2, view[1] / 2)
    assert middle == pytest.approx((image[1] / 2, image[0] / 2), abs=0.51 / port.zoom)


@given(place=st.tuples(st.floats(0, 800), st.floats(0, 600)), factor=st.floats(0.05, 40))
def test_zooming_keeps_the_point_under_the_pointer(place, factor) -> None:
    port = Viewport.fitted((900, 1200), (800, 600))
    zoomed = port.zoomed(port.zoom * factor, place)
    strip = zoomed.kept_visible()
    assert strip == zoomed
    before, after = port.to_image(*place), zoomed.to_image(*place)
    inside = 0 <= before[0] <= 1200 and 0 <= before[1] <= 900
    if inside and 100 < place[0] < 700 and 100 < place[1] < 500:
        assert after == pytest.approx(before, abs=0.51 / port.zoom + 0.51 / zoomed.zoom)


@given(dx=st.floats(-1e6, 1e6), dy=st.floats(-1e6, 1e6), zoom=st.floats(0.1, 60))
def test_no_pan_loses_the_image(dx, dy, zoom) -> None:
    port = Viewport.fitted((900, 1200), (800, 600)).zoomed(zoom, (400, 300)).panned(dx, dy)
    (left, top), (width, height) = port.origin, port.extent
    assert left + width >= min(STAYS_VISIBLE, width) - 1
    assert top + height >= min(STAYS_VISIBLE, height) - 1
    assert left <= 800 - min(STAYS_VISIBLE, width) + 1
    assert top <= 600 - min(STAYS_VISIBLE, height) + 1


def test_zoom_has_limits_on_both_sides() -> None:
    port = Viewport.fitted((4000, 6000), (800, 600))
    assert port.zoomed(1e9, (0, 0)).zoom == LARGEST_ZOOM
    assert port.zoomed(1e-9, (0, 0)).zoom == port.smallest == port.zoom / 2


def test_points_return_to_where_they_were() -> None:
    port = Viewport.fitted((4000, 6000), (801, 603)).zoomed(3.3, (77, 55))
    assert port.to_image(*port.to_view(123.25, 456.75)) == pytest.approx((123.25, 456.75))


def test_a_resized_view_keeps_its_middle() -> None:
    port = Viewport.fitted((900, 1200), (800, 600)).zoomed(4, (200, 200))
    resized = port.resized((1000, 900))
    assert resized.to_image(500, 450) == pytest.approx(port.to_image(400, 300), abs=0.3)
