"""The second engine, where its extra is installed."""

import pytest

from kernel.settings import FaceSettings
from proctor.engines import catalogue
from proctor.engines.looking import Looker
from proctor.sight import Look
from tests.unit.proctor import faces

pytest.importorskip("dlib", reason="the optional extra `dlib` is not installed")

SETTINGS = FaceSettings(engine="dlib")


@pytest.fixture(scope="module")
def looker() -> Looker:
    return Looker(SETTINGS)


@pytest.mark.parametrize(
    ("name", "same"), [("obama_640", True), ("obama_c_640", True), ("biden_640", False)]
)
def test_the_second_engine_tells_people_apart(looker: Looker, name: str, same: bool) -> None:
    portrait = looker.look(Look(faces.portrait("obama"), keep_templates=True)).faces[0]
    best = looker.look(Look(faces.frame(name), (portrait.template,))).best()
    assert best is not None
    thresholds = catalogue.thresholds_of(SETTINGS)
    assert (best.score >= thresholds.same_person) is same


def test_the_second_engine_sees_an_empty_chair(looker: Looker) -> None:
    assert looker.look(Look(faces.frame("empty_chair"))).faces == ()
