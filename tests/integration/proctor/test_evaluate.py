"""``face evaluate`` over a small list of the public-domain pictures."""

import json
from pathlib import Path

import pytest

from kernel.settings import FaceSettings
from proctor.commands import evaluate, print_json
from tests.unit.proctor import faces

PEOPLE = ("obama", "biden", "collins", "hopper")


def pairs(folder: Path) -> Path:
    lines = ["a,b,same"]
    for one in PEOPLE:
        picture = faces.HOME / "id" / f"{one}_id.jpg"
        lines += [
            f"{picture},{faces.HOME / 'capture' / f'{other}_640.jpg'},{int(one == other)}"
            for other in PEOPLE
        ]
    lines.append(f"{faces.HOME / 'capture' / 'empty_chair.jpg'},{picture},1")
    path = folder / "pairs.csv"
    path.write_text("\n".join(lines))
    return path


async def test_evaluation_reports_rates_and_what_was_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[tuple[int, int]] = []
    result = await evaluate(
        pairs(tmp_path), FaceSettings(), emit=print_json,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert (result.pairs, result.compared, result.pictures, result.detected) == (17, 16, 9, 8)
    assert result.eer == 0.0
    assert result.detection_rate == pytest.approx(8 / 9)
    assert result.tpr_at_fmr_1_percent is None, "12 impostor pairs cannot show 1 %"
    assert {(point.fmr, point.fnmr) for point in result.at_settings} == {(0.0, 0.0)}
    assert result.ms_per_frame > 0
    assert seen[-1] == (9, 9)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["kind"] == "evaluation"
    assert {line["kind"] for line in lines[:-1]} == {"point"}
