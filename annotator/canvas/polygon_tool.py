"""The polygon: point by point, then by its handles.

Click points; a double click, Enter or a click on the first point closes; Backspace takes the last
point back. A click on the outline of a polygon that is there shows its handles: drag a vertex, drag
an edge to put a vertex into it, Ctrl+click or Delete takes a vertex away, Alt+click inside begins a
hole. Esc undoes the last of these that is not finished.
"""

from dataclasses import replace
from typing import ClassVar

from annotator.canvas.polygon_edges import (
    FEWEST,
    Place,
    edge_near,
    is_inside,
    vertex_near,
    with_inserted,
    with_vertex,
    without_vertex,
)
from annotator.canvas.tool import (
    Button,
    HandlesDraft,
    Outcome,
    Pointer,
    PolygonDrawn,
    PolygonEdited,
    RestingTool,
    Ring,
    RingDraft,
    Sight,
    ToolCursor,
    ToolKey,
)
from annotator.document.annotations import CueId, Point, Polygon

GRAB = 8.0  # screen pixels from a handle within which it is meant


class PolygonTool(RestingTool):
    """Draws polygons and edits those that are drawn."""

    name: ClassVar[str] = "polygon"
    cursor: ClassVar[ToolCursor] = ToolCursor.CROSS

    def __init__(self, sight: Sight) -> None:
        super().__init__()
        self._sight = sight
        self._dragged: Place | None = None

    def press(self, pointer: Pointer) -> Outcome | None:
        """A point of a new outline, or a grip on a polygon that is there."""
        if pointer.button is not Button.LEFT or self._dragged is not None:
            return None
        match self._draft:
            case RingDraft() as draft:
                return self._lengthened(draft, pointer)
            case HandlesDraft(opening=opening) as draft if opening:
                return self._opened(draft, pointer)
            case HandlesDraft() as draft:
                return self._gripped(draft, pointer)
            case _:
                return self._begun(pointer)

    def move(self, pointer: Pointer) -> Outcome | None:
        """The outline follows, or the vertex that is held, or the one that would be."""
        match self._draft:
            case RingDraft() as draft:
                self._draft = replace(draft, following=pointer.point)
            case HandlesDraft(rings=rings) as draft if self._dragged is not None:
                moved = with_vertex(rings, self._dragged, self._inside_image(pointer.point))
                self._draft = replace(draft, rings=moved)
            case HandlesDraft(rings=rings) as draft:
                active = vertex_near(rings, pointer.point, GRAB * pointer.reach)
                following = pointer.point if draft.opening else None
                self._draft = replace(draft, active=active, following=following)
        return None

    def release(self, pointer: Pointer) -> Outcome | None:
        """A vertex let go: the polygon is edited."""
        if self._dragged is None or not isinstance(self._draft, HandlesDraft):
            return None
        self.move(pointer)
        self._dragged = None
        return self._edited(self._draft.rings)

    def double(self, pointer: Pointer) -> Outcome | None:
        """Close; the first of the two clicks has put the last point."""
        if self._draft is None:
            return None  # the first click has just closed an outline on its first point
        return self._closed() if self._open_ring() else self.press(pointer)

    def wants(self, key: ToolKey) -> bool:
        """Enter and Backspace while an outline is open, Delete on a vertex, Esc for anything."""
        match self._draft:
            case None:
                return False
            case HandlesDraft(opening=(), active=None):
                return key is ToolKey.CANCEL
            case HandlesDraft(opening=()):
                return key is not ToolKey.FINISH
            case _:
                return key is not ToolKey.DELETE

    def key(self, key: ToolKey) -> Outcome | None:
        """Close, take back, delete, cancel."""
        match key:
            case ToolKey.FINISH:
                return self._closed()
            case ToolKey.BACK if self._open_ring():
                self._take_back()
                return None
            case ToolKey.BACK | ToolKey.DELETE:
                return self._deleted()
            case ToolKey.CANCEL:
                self._step_out()
        return None

    def cancel(self) -> None:
        """Forget everything, the chosen polygon too."""
        self._draft, self._dragged = None, None

    def refresh(self) -> None:
        """The chosen polygon may have changed by undo, or gone."""
        if isinstance(self._draft, HandlesDraft) and self._dragged is None:
            self._choose(self._draft.cue_id)

    def _begun(self, pointer: Pointer) -> Outcome | None:
        for cue in reversed(self._sight.cues):
            if isinstance(cue, Polygon) and self._touches(cue, pointer):
                self._choose(cue.cue_id)
                return self.move(pointer)
        first = self._inside_image(pointer.point)
        self._draft = RingDraft(pointer.pen.target, (first,), pointer.point)
        return None

    def _lengthened(self, draft: RingDraft, pointer: Pointer) -> Outcome | None:
        if self._is_first(draft.ring, pointer):
            return self._closed()
        ring = (*draft.ring, self._inside_image(pointer.point))
        self._draft = replace(draft, ring=ring, following=pointer.point)
        return None

    def _opened(self, draft: HandlesDraft, pointer: Pointer) -> Outcome | None:
        if self._is_first(draft.opening, pointer):
            return self._closed()
        self._draft = replace(draft, opening=(*draft.opening, pointer.point))
        return None

    def _gripped(self, draft: HandlesDraft, pointer: Pointer) -> Outcome | None:
        rings, reach = draft.rings, GRAB * pointer.reach
        vertex = vertex_near(rings, pointer.point, reach)
        if vertex is not None and pointer.ctrl:
            self._draft = replace(draft, active=vertex)
            return self._deleted()
        if vertex is None and pointer.alt and is_inside(rings[0], pointer.point):
            self._draft = replace(draft, opening=(pointer.point,), active=None)
            return None
        if vertex is None:
            vertex = edge_near(rings, pointer.point, reach)
            if vertex is None:
                self.cancel()
                return self._begun(pointer)
            rings = with_inserted(rings, vertex, pointer.point)
        self._draft = replace(draft, rings=rings, active=vertex)
        self._dragged = vertex
        return None

    def _closed(self) -> Outcome | None:
        ring = self._open_ring()
        if len(set(ring)) < FEWEST:
            return None  # nothing enclosed yet: the outline stays open
        if isinstance(self._draft, HandlesDraft):
            self._draft = replace(self._draft, opening=(), following=None)
            return self._edited((*self._draft.rings, ring))
        draft, self._draft = self._draft, None
        return PolygonDrawn(draft.target, ring) if isinstance(draft, RingDraft) else None

    def _deleted(self) -> Outcome | None:
        draft = self._draft
        if not isinstance(draft, HandlesDraft) or draft.active is None or self._dragged is not None:
            return None
        rings = without_vertex(draft.rings, draft.active)
        self._draft = replace(draft, active=None)
        return self._edited(rings) if rings != draft.rings else None

    def _edited(self, rings: tuple[Ring, ...]) -> Outcome | None:
        if not isinstance(self._draft, HandlesDraft):
            return None
        self._draft = replace(self._draft, rings=rings)
        return PolygonEdited(self._draft.cue_id, rings[0], rings[1:])

    def _open_ring(self) -> Ring:
        match self._draft:
            case RingDraft(ring=ring) | HandlesDraft(opening=ring):
                return ring
            case _:
                return ()

    def _take_back(self) -> None:
        match self._draft:
            case RingDraft(ring=ring) as draft:
                self._draft = replace(draft, ring=ring[:-1]) if len(ring) > 1 else None
            case HandlesDraft(opening=opening) as draft:
                self._draft = replace(draft, opening=opening[:-1])

    def _step_out(self) -> None:
        if isinstance(self._draft, HandlesDraft) and (self._draft.opening or self._dragged):
            self._dragged = None
            self._choose(self._draft.cue_id)
        else:
            self.cancel()

    def _choose(self, cue_id: CueId) -> None:
        chosen = (c for c in self._sight.cues if isinstance(c, Polygon) and c.cue_id == cue_id)
        cue = next(chosen, None)
        if cue is None:
            self.cancel()
        else:
            self._draft = HandlesDraft(cue_id, cue.target, (cue.ring, *cue.holes))

    def _touches(self, cue: Polygon, pointer: Pointer) -> bool:
        return edge_near((cue.ring, *cue.holes), pointer.point, GRAB * pointer.reach) is not None

    def _is_first(self, ring: Ring, pointer: Pointer) -> bool:
        near = vertex_near((ring[:1],), pointer.point, GRAB * pointer.reach)
        return len(ring) >= FEWEST and near is not None

    def _inside_image(self, point: Point) -> Point:
        height, width = self._sight.size
        return min(max(point[0], 0.0), float(width)), min(max(point[1], 0.0), float(height))
