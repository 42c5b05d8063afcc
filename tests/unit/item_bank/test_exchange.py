"""Files in and out: layouts, round trips, bad rows, hostile archives."""

import io
import zipfile
from pathlib import Path

import docx
import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from item_bank.drafts import BlueprintReading, Draft
from item_bank.exchange import (
    ITEM_FORMATS,
    read_blueprint,
    read_items,
    write_blueprint,
    write_items,
)
from item_bank.exchange.limits import UNPACKED_LIMIT_BYTES
from item_bank.exchange.sheets import COLUMNS
from item_bank.exchange.signs import read_letters, read_point, read_type, read_verdict
from kernel.errors import Refusal
from kernel.words import catalogue, say_row
from paper.items import Importance, ItemType

SAMPLES = Path(__file__).parents[3] / "item_bank" / "samples"
FILES = sorted(SAMPLES.glob("*/*.txt"))
WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})


def blueprint_beside(path: Path) -> BlueprintReading:
    return read_blueprint("b.csv", (path.parent / "blueprint.csv").read_bytes())


def bare(draft: Draft, *, importance: bool = True) -> Draft:
    kept = draft.importance if importance else None
    return msgspec.structs.replace(draft, row=0, source="", importance=kept)


@pytest.mark.parametrize("form", ITEM_FORMATS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_samples_survive_every_layout(path: Path, form: str) -> None:
    first = read_items(path.name, path.read_bytes())
    assert first.errors == ()
    assert len(first.drafts) >= 30
    again = read_items("again", write_items(form, "试题", first.drafts, blueprint_beside(path)))
    official = form == "docx-official"
    assert again.errors == ()
    assert sorted(map(repr, (bare(one, importance=not official) for one in again.drafts))) == (
        sorted(map(repr, (bare(one, importance=not official) for one in first.drafts)))
    )


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_blueprint_survives_both_formats(form: str) -> None:
    first = blueprint_beside(FILES[0])
    again = read_blueprint("again", write_blueprint(form, "细目表", first))
    assert again.errors == ()
    for left, right in zip(first.scopes, again.scopes, strict=True):
        assert msgspec.structs.replace(left, row=0) == msgspec.structs.replace(right, row=0)
    for one, other in zip(first.points, again.points, strict=True):
        assert msgspec.structs.replace(one, row=0) == msgspec.structs.replace(other, row=0)


words = st.text(st.characters(categories=["Lo", "Ll", "Nd"]), min_size=1, max_size=12).filter(
    lambda text: any(char.isalpha() for char in text)
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    kind = draw(st.sampled_from(list(ItemType)))
    choice = kind in (ItemType.SINGLE, ItemType.MULTIPLE)
    options = tuple(draw(st.lists(words, min_size=3, max_size=5, unique=True))) if choice else ()
    key: tuple[str, ...] = ()
    if kind is ItemType.JUDGE:
        key = (draw(st.sampled_from(["true", "false"])),)
    elif choice:
        most = 1 if kind is ItemType.SINGLE else len(options)
        least = 1 if kind is ItemType.SINGLE else 2
        letters = st.sets(st.sampled_from("ABCDE"[: len(options)]), min_size=least, max_size=most)
        key = tuple(sorted(draw(letters)))
    return Draft(
        source="",
        row=0,
        type=kind,
        stem="题干" + draw(words),
        options=options,
        key=key,
        model_answer="要点" + draw(words) if kind is ItemType.SHORT else "",
        score=draw(st.sampled_from(["0.5", "1", "2", "10"])),
        difficulty=draw(st.integers(1, 5)),
        point_code=draw(st.sampled_from(["A-A-A-001", "B-C-A-012"])),
        importance=draw(st.sampled_from(list(Importance))),
        explanation=draw(st.just("") | words.map("因为{}".format)),
    )


@given(st.lists(drafts(), min_size=1, max_size=4), st.sampled_from(["txt", "xlsx"]))
def test_any_items_survive_text_and_sheet(items: list[Draft], form: str) -> None:
    again = read_items("again", write_items(form, "试题", items))
    assert again.errors == ()
    assert [bare(one) for one in again.drafts] == items


def test_full_width_signs_are_read_as_half_width_ones() -> None:
    text = (
        "[单选] 1. 下列正确的是( )。\nA. 甲  B. 乙  C. 丙\n"
        "答案: B   分值: 0.5   难度: 3   鉴定点: A-B-C-012   重要程度: X"
    )
    narrow, wide = (read_items("t", one.encode()) for one in (text, text.translate(WIDE)))
    assert wide.errors == narrow.errors == ()
    for one in (*narrow.drafts, *wide.drafts):
        assert (one.key, one.options, one.point_code) == (("B",), ("甲", "乙", "丙"), "A-B-C-012")
        assert (one.score, one.difficulty, one.importance) == ("0.5", 3, Importance.X)


@pytest.mark.parametrize(
    ("sign", "key"),
    [
        ("√", "true"), ("对", "true"), ("正确", "true"), ("A", "true"), ("(√)", "true"),
        ("×", "false"), ("错", "false"), ("错误", "false"), ("\uff22", "false"), ("x", "false"),
    ],
)  # fmt: skip
def test_verdicts_are_read_as_people_write_them(sign: str, key: str) -> None:
    assert read_verdict(sign) == (key,)


@pytest.mark.parametrize("text", ["", "AA", "I", "1", "甲", "A+B"])
def test_what_is_no_letter_is_not_guessed(text: str) -> None:
    assert read_letters(text) is None


def test_letters_points_and_types_in_their_many_spellings() -> None:
    assert read_letters("\uff23、\uff21,b") == ("A", "B", "C")
    assert read_point("\uff21\uff0d\uff22\u2014001") == "A-B-001"
    assert read_type("多项选择题") is read_type("30") is ItemType.MULTIPLE


OFFICIAL = """人工智能训练师 理论知识复习题
一、判断题(每题0.5分)
(   ) 1. 标注规范应当统一。
( ) 2、模型越大越好。
二、单选题(第1~2题。选择一个正确的答案,每题0.5分)
1. 衡量框重合程度的是(   )。
(A)交并比  (B)准确率
(C)召回率
(D)精确率
2. 监督学习需要(   )。
(A)标签 (B)奖励
三、多选题(每题1分)
1. 属于清洗的有(   )。
(A)去重
(B)补缺
(C)发布
(D)纠错
理论知识试卷答案
一、判断题
(√) 1. 标注规范应当统一。
(×) 2. 模型越大越好。
单选题参考答案: 1-2) AA
多选题参考答案: 1) ABD
单选题鉴定点: 1) A-A-A-001  2) A-A-A-002
"""


def test_the_published_layout_is_read_with_its_answer_part() -> None:
    document = docx.Document()
    for line in OFFICIAL.splitlines():
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    reading = read_items("题库.docx", out.getvalue())
    assert reading.errors == ()
    assert [(one.type, one.key, one.score) for one in reading.drafts] == [
        (ItemType.JUDGE, ("true",), "0.5"),
        (ItemType.JUDGE, ("false",), "0.5"),
        (ItemType.SINGLE, ("A",), "0.5"),
        (ItemType.SINGLE, ("A",), "0.5"),
        (ItemType.MULTIPLE, ("A", "B", "D"), "1"),
    ]
    assert reading.drafts[2].options == ("交并比", "准确率", "召回率", "精确率")
    assert reading.drafts[3].point_code == "A-A-A-002"


def test_the_published_layout_names_answers_that_do_not_fit() -> None:
    broken = OFFICIAL.replace("1-2) AA", "1-2) ABC  7) A").replace("(×) 2.", "2.")
    reading = read_items("题库.txt", broken.encode())
    found = {(fault.code, fault.field) for fault in reading.errors}
    assert ("item.range_length", "答案") in found
    assert ("item.answer_without_question", "答案") in found
    assert ("item.answer_missing", "答案") in found
    assert len(reading.drafts) == 2


BAD = """[单选] 1. 没有答案的题(   )。
A. 甲
B. 乙
[多选] 2. 选项不连续(   )。
A. 甲
C. 乙
答案: AC   分值: 两分   难度: 9   鉴定点: ??   重要程度: W
[判断] 3. 答案写错。(   )
答案: 也许
[填空] 4. 题型未知。
答案: 甲
[单选] 5. 好题(   )。
A. 甲
B. 乙
答案: A
[单选] 6. 漏了标记(   )。
A. 甲
B. 乙
答案: A
7. 下一题(   )。
A. 丙
B. 丁
答案: B
"""


def test_every_bad_row_is_named_and_the_good_one_is_kept() -> None:
    reading = read_items("题.txt", BAD.encode())
    assert [one.stem for one in reading.drafts] == ["好题(   )。"]
    assert [(fault.row, fault.field, fault.code) for fault in reading.errors] == [
        (1, "答案", "item.answer_missing"),
        (6, "选项", "item.option_order"),
        (7, "分值", "item.score_unreadable"),
        (7, "难度", "item.difficulty_unreadable"),
        (7, "鉴定点", "item.point_unreadable"),
        (7, "重要程度", "item.importance_unreadable"),
        (9, "答案", "item.verdict_unreadable"),
        (10, "题型", "item.type_unknown"),
        (20, "题型", "item.marker_missing"),
    ]
    for fault in reading.errors:
        assert fault.code in catalogue()
        assert say_row(fault).startswith(f"题.txt 第 {fault.row} 行「{fault.field}」")


def sheet(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(list(COLUMNS))
    for row in rows:
        page.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_twenty_columns_are_read_as_they_stand() -> None:
    good: list[object] = [
        "g1", 20, "交并比衡量什么?", "A", "重合", "颜色", "", "", "",
        "A基本要求A", "B基础知识", "C人工智能", "012名称", "", "", 3, "", 0.5, "因为", "教材",
    ]  # fmt: skip
    bad: list[object] = ["g2", "单选题", "", "Z", "甲", "乙", *[""] * 13]
    reading = read_items("题.xlsx", sheet(good, bad))
    (one,) = reading.drafts
    assert (one.point_code, one.score, one.difficulty, one.origin) == (
        "A-B-C-012", "0.5", 3, "教材",
    )  # fmt: skip
    assert [(fault.row, fault.field) for fault in reading.errors] == [(3, "题干"), (3, "答案")]


def test_a_sheet_without_the_answer_column_says_so() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["题型", "题干"])
    out = io.BytesIO()
    book.save(out)
    (fault,) = read_items("题.xlsx", out.getvalue()).errors
    assert (fault.row, fault.field, fault.code) == (1, "答案", "bank.column_missing")


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (50 * 1024 * 1024))
    return out.getvalue()


def with_doctype() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("xl/workbook.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    return out.getvalue()


def cut_short() -> bytes:
    whole = sheet([1])
    return whole[: len(whole) // 2]


def empty_word() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<broken")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bomb(), "bank.file_unpacks_too_large"),
        (b"x" * (21 * 1024 * 1024), "bank.file_too_large"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "bank.file_locked"),
        (with_doctype(), "bank.file_broken"),
        (cut_short(), "bank.file_broken"),
        (empty_word(), "bank.file_broken"),
        (b"", "bank.file_empty"),
        (b"\x00\x01\x02", "bank.file_unknown"),
        ("没有标记的文字".encode(), "bank.layout_unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_read_is_refused_with_a_code(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_items("文件", data)
    assert refused.value.code == code
    assert code in catalogue()


def test_the_bomb_is_small_and_never_unpacked() -> None:
    assert len(bomb()) < 100_000 < UNPACKED_LIMIT_BYTES


def test_pictures_and_tables_in_word_are_errors_and_not_lost_in_silence() -> None:
    document = docx.Document()
    document.add_paragraph("[判断] 1. 题干。(   )")
    document.add_paragraph("答案: √")
    document.add_table(1, 2)
    out = io.BytesIO()
    document.save(out)
    reading = read_items("题.docx", out.getvalue())
    assert [(fault.row, fault.code, fault.params["kind"]) for fault in reading.errors] == [
        (3, "item.object", "table")
    ]


def test_faults_of_a_blueprint_name_row_and_field() -> None:
    text = (
        "level1_code,level1_name,level1_weight,level2_code,level2_name,level2_weight,"
        "level3_code,level3_name,point_code,point_name,importance\n"
        "A,基本要求,20,A-A,职业道德,x,A-A-A,知识,A-A-A-001,内涵,X\n"
        "A,基本要求,30,A-A,职业道德,4,A-A-A,知识,A-A-A-001,内涵,Q\n"
        "A,基本要求,20,B-A,职业道德,4,A-A-A,知识,,内涵,X\n"
    )
    found = [(fault.row, fault.code) for fault in read_blueprint("b.csv", text.encode()).errors]
    assert (2, "blueprint.weight_unreadable") in found
    assert (3, "blueprint.scope_differs") in found
    assert (3, "item.importance_unreadable") in found
    assert (4, "blueprint.scope_code") in found
    assert (4, "blueprint.point_code") in found
