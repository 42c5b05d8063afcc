"""The real engine on the real pictures."""

import sys
from pathlib import Path

import pytest

from kernel.errors import Refusal
from kernel.settings import FaceSettings
from proctor import rules
from proctor.engines import catalogue
from proctor.engines.looking import Looker
from proctor.rules import Advice, Limits, Reason, State
from proctor.sight import Look, Sight
from tests.unit.proctor import faces

SETTINGS = FaceSettings()
LIMITS = Limits(SETTINGS.sharpness_min, SETTINGS.brightness_min, SETTINGS.face_min_px)
THRESHOLDS = catalogue.thresholds_of(SETTINGS)


@pytest.fixture(scope="module")
def looker() -> Looker:
    return Looker(SETTINGS)


@pytest.fixture(scope="module")
def obama(looker: Looker) -> bytes:
    seen = looker.look(Look(faces.portrait("obama"), keep_templates=True))
    return seen.faces[0].template


TABLE = [
    ("obama_640", Advice.SAME, None, State.OK, 1),
    ("obama_b_640", Advice.SAME, None, State.OK, 1),
    ("obama_c_640", Advice.SAME, None, State.OK, 1),
    ("obama_backlit", Advice.SAME, None, State.OK, 1),
    ("obama_far", Advice.SAME, None, State.OK, 1),
    ("obama_partial", Advice.SAME, None, State.OK, 1),
    ("obama_dark", Advice.UNUSABLE, Reason.DARK, State.OK, 1),
    ("obama_blur", Advice.UNUSABLE, Reason.BLURRED, State.OK, 1),
    ("obama_motion", Advice.UNUSABLE, Reason.BLURRED, State.OK, 1),
    ("obama_paper_replay", Advice.REVIEW, None, State.LOW, 1),
    ("biden_640", Advice.DIFFERENT, None, State.MISMATCH, 1),
    ("collins_640", Advice.DIFFERENT, None, State.MISMATCH, 1),
    ("hopper_640", Advice.DIFFERENT, None, State.MISMATCH, 1),
    ("two_people", Advice.REVIEW, Reason.SEVERAL_FACES, State.SEVERAL_FACES, 2),
    ("empty_chair", Advice.UNUSABLE, Reason.NO_FACE, State.NO_FACE, 0),
    ("black", Advice.UNUSABLE, Reason.DARK, State.BLOCKED, 0),
]


@pytest.mark.parametrize(("name", "advice", "reason", "state", "count"), TABLE)
def test_each_picture_is_judged_as_a_person_would_expect(
    looker: Looker, obama: bytes, name: str, advice: Advice, reason: Reason | None,
    state: State, count: int,
) -> None:  # fmt: skip
    seen = looker.look(Look(faces.frame(name), (obama,)))
    gate = rules.advise(seen, THRESHOLDS, LIMITS)
    assert (gate.outcome, gate.reason, len(seen.faces)) == (advice, reason, count)
    assert rules.judge_capture(seen, THRESHOLDS, LIMITS).outcome == state


def test_the_candidate_beside_a_larger_stranger_is_found(looker: Looker, obama: bytes) -> None:
    best = looker.look(Look(faces.frame("two_people"), (obama,))).best()
    assert best is not None
    assert best.score > THRESHOLDS.accept


def test_the_same_frame_gives_the_same_score(looker: Looker, obama: bytes) -> None:
    def once() -> Sight:
        return looker.look(Look(faces.frame("obama_640"), (obama,)))

    assert once() == once()


def test_templates_leave_only_when_asked_for(looker: Looker, obama: bytes) -> None:
    kept = looker.look(Look(faces.frame("obama_640"), (obama,)))
    assert [face.template for face in kept.faces] == [b""]


@pytest.mark.parametrize("name", ["obama", "biden", "collins", "hopper"])
def test_every_portrait_can_be_enrolled(looker: Looker, name: str) -> None:
    assert rules.portrait_fault(looker.look(Look(faces.portrait(name))), LIMITS) is None


def test_a_template_of_another_size_is_no_template_of_this_model(
    looker: Looker, obama: bytes
) -> None:
    with pytest.raises(ValueError, match="this model"):
        looker.engine.similarity(obama, obama[:-4])


def test_a_missing_model_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        Looker(FaceSettings(models_dir=tmp_path))
    assert refused.value.code == "face.model_missing"


def test_a_model_with_one_byte_changed_is_refused(tmp_path: Path) -> None:
    for model in (catalogue.YUNET, catalogue.SFACE):
        data = bytearray((SETTINGS.models_dir / model.name).read_bytes())
        data[len(data) // 2] ^= 1
        (tmp_path / model.name).write_bytes(data)
    with pytest.raises(Refusal) as refused:
        Looker(FaceSettings(models_dir=tmp_path))
    assert refused.value.code == "face.model_differs"


def test_dlib_keeps_thresholds_of_its_own() -> None:
    assert catalogue.thresholds_of(FaceSettings(engine="dlib")) != THRESHOLDS


def test_an_engine_that_is_not_installed_is_refused_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)  # Python finds no such package, there or not
    with pytest.raises(Refusal) as refused:
        Looker(FaceSettings(engine="dlib"))
    assert refused.value.code == "face.engine_missing"
    assert refused.value.params == {"engine": "dlib", "extra": "dlib"}
