"""What crosses to the engine is what the command line would tell it, packed once."""

from annotator.document.annotations import Stroke
from annotator.document.changes import Changes
from annotator.document.classes import BACKGROUND, ClassId
from annotator.document.edits import AddCue
from annotator.flows.lane_messages import Topic
from annotator.flows.live_support import LiveSupport, PreviewCue
from annotator.flows.support import query, support_set
from annotator.flows.workspace import Workspace

DISC = ClassId(1)


def stroke(workspace: Workspace, target: ClassId, x: float) -> Stroke:
    return Stroke(workspace.project.next_cue_id(), target, ((x, 34.0), (x, 46.0)), 4.0)


def test_it_says_the_same_as_the_support_set_and_a_preview_says_what_the_commit_will(
    discs: Workspace,
) -> None:
    supports = LiveSupport(discs.project)
    discs.subscribe(lambda changes, _: supports.forget(changes))
    image = next(iter(discs.project.images))
    discs.do("Stroke", [AddCue(image, stroke(discs, DISC, 30))])
    cue = stroke(discs, BACKGROUND, 90)
    before = supports.support(None, version=1)
    preview = supports.support(PreviewCue(image, cue), version=2)
    assert before.key != preview.key
    assert supports.support(None, version=1).shots[0] is before.shots[0]  # packed once
    discs.do("Stroke", [AddCue(image, cue)])
    after = supports.support(None, version=3)
    assert after.key == preview.key
    told, wanted = after.shots[0].marks.marks(), support_set(discs.project).shots[0].marks
    assert [mark.key for mark in told] == [mark.key for mark in wanted]
    fixed = supports.question(Topic.CURRENT, image, None).fixed.marks()
    assert [m.key for m in fixed] == [m.key for m in query(discs.project, image).fixed]


def test_a_change_elsewhere_packs_nothing_again(discs: Workspace) -> None:
    supports, (first, second, *_) = LiveSupport(discs.project), discs.project.images
    discs.do("Stroke", [AddCue(first, stroke(discs, DISC, 30))])
    shot = supports.support(None, version=1).shots[0]
    supports.forget(Changes(images=frozenset({second})))
    assert supports.support(None, version=2).shots[0] is shot
    supports.forget(Changes(images=frozenset({first})))
    assert supports.support(None, version=3).shots[0] is not shot
