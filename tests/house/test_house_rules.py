"""The house keeps its own rules: sizes, names, mirrored tests, one sentence atop each file."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("annotator/**/*.py"), *ROOT.glob("engines/**/*.py")])
LINES_LIMIT = 400
FUNCTION_LIMIT = 60
BANNED = re.compile(
    r"(^|_)(util|utils|helper|helpers|misc|common|manager|handler|info|tmp|final)(_|$)"
)
# Faces of packages and pure vocabulary have nothing to test by themselves.
UNTESTED = {"__init__", "errors"}
# Parts of one thing that was cut into several files are tested as that one thing.
TESTED_THROUGH = {
    "answer_book": "test_live_flow",
    "answer_feed": "test_live_flow",
    "app": "test_main",
    "bars": "test_data_page",
    "boxes": "test_probe",
    "cards": "test_engine_shelf",
    "choice_card": "test_data_page",
    "class_menus": "test_class_panel",
    "class_prompt": "test_class_panel",
    "class_view": "test_class_panel",
    "cue_checks": "test_edits",
    "cue_paint": "test_canvas_view",
    "demo_command": "test_demo",
    "divider": "test_canvas_compare",
    "description": "test_engine_insight",
    "draft_paint": "test_canvas_view",
    "drawing": "test_window",
    "edits_classes": "test_edits",
    "edits_cues": "test_edits",
    "edits_images": "test_edits",
    "edits_labels": "test_edits",
    "edits_settings": "test_edits",
    "export_result": "test_data_page",
    "fields": "test_data_page",
    "foot": "test_data_page",
    "gallery_head": "test_gallery_panel",
    "gallery_menu": "test_gallery_panel",
    "gallery_model": "test_gallery_panel",
    "gestures": "test_canvas_view",
    "image_relink": "test_image_survey",
    "image_table": "test_data_page",
    "import_table": "test_data_page",
    "journal": "test_history",
    "label_page": "test_window",
    "live_ranking": "test_live_insight",
    "live_report": "test_live_insight",
    "model_commands": "test_cli",
    "notice": "test_canvas_compare",
    "pan_tool": "test_canvas_view",
    "parser": "test_cli",
    "picture_loader": "test_window",
    "project_commands": "test_folder_to_coco",
    "prototypes": "test_panet",
    "review_desk": "test_review_page",
    "review_keys": "test_review_page",
    "review_queue": "test_review_page",
    "sample_view": "test_data_page",
    "scene": "test_canvas_view",
    "reporting": "test_fewshot_session",
    "schema": "test_project_file",
    "sensing": "test_canvas_view",
    "settings_rows": "test_settings_page",
    "sight": "test_canvas_view",
    "stage": "test_canvas_view",
    "surface": "test_canvas_view",
    "table_codec": "test_project_file",
    "tile": "test_canvas_compare",
    "tiles": "test_project",
    "accept_bar": "test_window_shell",
    "answers": "test_window_shell",
    "commander": "test_window_shell",
    "desk": "test_window_shell",
    "guide": "test_window_shell",
    "label_commands": "test_window_shell",
    "opening": "test_window_shell",
    "page_rail": "test_window_shell",
    "pages": "test_window_shell",
    "preferences": "test_window_shell",
    "project_view": "test_window_shell",
    "shape_memory": "test_tiff_reading",
    "status_line": "test_window_shell",
    "status_words": "test_window_shell",
    "top_bar": "test_window_shell",
    "view_bar": "test_window_shell",
    "window_commands": "test_window_shell",
    "bench": "test_evaluation_bench",
    "crops": "test_distillation",
    "effort": "test_evaluation_bench",
    "effort_sets": "test_evaluation_bench",
    "embedded": "test_distillation",
    "embedded_plans": "test_distillation",
    "evaluate_command": "test_cli_evaluate",
    "evaluation_flow": "test_cli_evaluate",
    "image_sets": "test_evaluation_bench",
    "names": "test_evaluation_bench",
    "parts": "test_evaluation_bench",
    "pictures": "test_distillation",
    "scribbled": "test_evaluation_bench",
    "sheet": "test_distillation",
    "support_cues": "test_weak_cues",
    "tool_strip": "test_window",
    "threshold": "test_vocabulary_trainer",
    "vocabulary_flow": "test_train_command",
}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def defined_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_is_short_named_well_and_opens_with_a_sentence(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= LINES_LIMIT
    assert (ast.get_docstring(tree) or "").strip(), "a file opens by saying what lives here"
    long = [f.name for f in functions(tree) if (f.end_lineno or 0) - f.lineno + 1 > FUNCTION_LIMIT]
    assert not long, f"functions over {FUNCTION_LIMIT} lines: {long}"
    snake = (
        re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in {path.stem, *defined_names(tree)}
    )
    assert not sorted(name for name in snake if BANNED.search(name))


def test_tests_mirror_the_code() -> None:
    tests = {path.stem for path in ROOT.glob("tests/**/test_*.py")}
    lonely = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.stem not in UNTESTED and not _has_test(path, tests)
    ]
    assert not lonely, f"modules whose tests do not name them: {lonely}"


def test_no_machine_path_stands_in_the_tree() -> None:
    pattern = re.compile(r"(?<![\w.])/(?:work|home|root|Users)/\w")
    texts = [
        *SOURCES,
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("benchmarks/*.py"),
    ]
    found = [
        str(p.relative_to(ROOT)) for p in texts if pattern.search(p.read_text(encoding="utf-8"))
    ]
    assert not found


def test_threads_are_given_callables_not_runnables() -> None:
    """PySide never frees a QRunnable it made or cleared; other objects are then taken for it."""
    found = [
        str(p.relative_to(ROOT))
        for p in SOURCES
        if re.search(r"QRunnable[,(.\n]", p.read_text("utf-8"))
    ]
    assert not found


def test_tests_named_for_others_exist_and_are_needed() -> None:
    tests = {path.stem for path in ROOT.glob("tests/**/test_*.py")}
    modules = {path.stem for path in SOURCES}
    assert set(TESTED_THROUGH) <= modules
    assert set(TESTED_THROUGH.values()) <= tests


def _has_test(path: Path, tests: set[str]) -> bool:
    """A module is tested by a test that bears its name, imports it, or tests its whole."""
    if path.stem in TESTED_THROUGH or any(path.stem in test for test in tests):
        return True
    dotted = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    parent, _, leaf = dotted.rpartition(".")
    wanted = (f"from {dotted} import", f"import {dotted}", f"from {parent} import {leaf}")
    texts = (test.read_text(encoding="utf-8") for test in ROOT.glob("tests/**/test_*.py"))
    return any(phrase in text for text in texts for phrase in wanted)
