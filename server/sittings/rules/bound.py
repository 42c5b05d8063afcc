"""Which paper a sitting's log binds, and in which order it was dealt.

Rules kept here: the form is the one that stands in the log, held against its hash, or there is
none; what was dealt is what the stream was opened for.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kernel.errors import Kind, Refusal
from ledger.fold import Recorded
from paper.package import Form, form_hash
from server.sittings.rules.dealing import DealtItem, deal


def bound_form(records: Sequence[Recorded], forms: Iterable[Form]) -> Form:
    """The form that the stream was opened for, by code and hash. Raises ``sitting.form_unknown``,
    also for a stream without records.
    """
    bound = records[0].body if records else {}
    return _form_of(bound, forms)


def dealt_items(records: Sequence[Recorded], forms: Iterable[Form]) -> tuple[DealtItem, ...]:
    """The items in the order that was dealt; empty before. Raises ``sitting.form_unknown``, also
    when another form was dealt than the stream was opened for.
    """
    for one in records:
        if one.kind == "started":
            form = _form_of(one.body, [bound_form(records, forms)])
            return tuple(deal(form, bytes.fromhex(one.body["order_seed"])))
    return ()


def _form_of(bound: Mapping[str, Any], forms: Iterable[Form]) -> Form:
    code = bound.get("form_code", "")
    for form in forms:
        if form.form_code == code and form_hash(form).hex() == bound.get("form_hash"):
            return form
    raise Refusal("sitting.form_unknown", Kind.CONFLICT, form=str(code)[:40])
