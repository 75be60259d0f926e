from annotator.canvas.polygon_edges import (
    edge_near,
    is_inside,
    vertex_near,
    with_inserted,
    without_vertex,
)

SQUARE = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0))
HOLE = ((4.0, 4.0), (6.0, 4.0), (5.0, 6.0))
RINGS = (SQUARE, HOLE)


def test_the_nearest_vertex_within_reach_is_found() -> None:
    assert vertex_near(RINGS, (5.9, 4.2), 1) == (1, 1)
    assert vertex_near(RINGS, (8, 8), 1) is None
    assert vertex_near(((),), (8, 8), 100) is None


def test_a_vertex_put_into_an_edge_lies_between_its_ends() -> None:
    for point, place in (((5.0, 0.2), 1), ((10.1, 5.0), 2), ((5.0, 9.9), 3), ((0.1, 5.0), 4)):
        found = edge_near(RINGS, point, 0.5)
        assert found == (0, place)
        assert with_inserted(RINGS, found, point)[0][place] == point
    assert edge_near(RINGS, (2, 2), 0.5) is None


def test_inside_is_told_from_outside() -> None:
    assert is_inside(SQUARE, (5, 5))
    assert not is_inside(SQUARE, (15, 5))


def test_the_last_triangle_stays_but_a_hole_goes() -> None:
    assert without_vertex((SQUARE, HOLE), (1, 0)) == (SQUARE,)
    assert without_vertex((HOLE,), (0, 0)) == (HOLE,)
    assert without_vertex((SQUARE,), (0, 0)) == (SQUARE[1:],)
