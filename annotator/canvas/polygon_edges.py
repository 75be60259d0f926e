"""What lies under the pointer of a polygon: a vertex, an edge, or its inside; and its changes."""

import math

from annotator.canvas.tool import Ring
from annotator.document.annotations import Point

Place = tuple[int, int]  # (ring number, place in the ring); ring 0 is the outer one
FEWEST = 3  # points that enclose anything


def vertex_near(rings: tuple[Ring, ...], point: Point, reach: float) -> Place | None:
    """The nearest vertex within ``reach``."""
    found = [
        (math.dist(vertex, point), (number, place))
        for number, ring in enumerate(rings)
        for place, vertex in enumerate(ring)
    ]
    distance, where = min(found, default=(math.inf, (0, 0)))
    return where if distance <= reach else None


def edge_near(rings: tuple[Ring, ...], point: Point, reach: float) -> Place | None:
    """The nearest edge within ``reach``, as the place that a vertex put into it would have."""
    found = [
        (_distance(ring[place - 1], ring[place], point), (number, place or len(ring)))
        for number, ring in enumerate(rings)
        for place in range(len(ring))
    ]
    distance, where = min(found, default=(math.inf, (0, 0)))
    return where if distance <= reach else None


def is_inside(ring: Ring, point: Point) -> bool:
    """By the even-odd rule."""
    x, y = point
    inside = False
    for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], *ring[:1]), strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


def with_vertex(rings: tuple[Ring, ...], where: Place, point: Point) -> tuple[Ring, ...]:
    """One vertex moved."""
    number, place = where
    ring = rings[number]
    return _with_ring(rings, number, (*ring[:place], point, *ring[place + 1 :]))


def with_inserted(rings: tuple[Ring, ...], where: Place, point: Point) -> tuple[Ring, ...]:
    """One vertex more."""
    number, place = where
    ring = rings[number]
    return _with_ring(rings, number, (*ring[:place], point, *ring[place:]))


def without_vertex(rings: tuple[Ring, ...], where: Place) -> tuple[Ring, ...]:
    """One vertex less. A triangle that is a hole goes; one that is the outer ring stays."""
    number, place = where
    ring = rings[number]
    if len(ring) > FEWEST:
        return _with_ring(rings, number, (*ring[:place], *ring[place + 1 :]))
    return rings if number == 0 else (*rings[:number], *rings[number + 1 :])


def _with_ring(rings: tuple[Ring, ...], number: int, ring: Ring) -> tuple[Ring, ...]:
    return (*rings[:number], ring, *rings[number + 1 :])


def _distance(start: Point, end: Point, point: Point) -> float:
    across, down = end[0] - start[0], end[1] - start[1]
    square = across * across + down * down
    along = (point[0] - start[0]) * across + (point[1] - start[1]) * down
    share = min(max(along / square, 0.0), 1.0) if square else 0.0
    return math.dist((start[0] + share * across, start[1] + share * down), point)
