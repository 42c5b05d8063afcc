"""The gate at the door: identity ⊕ confirmation ⊕ drawn seat, in this order, or it stays shut.

Rules kept here: no combination of two parts opens the gate; the machine advises and never refuses;
the manual route (document, two staff) is of equal effect; a person other than the first confirms
whatever the machine advised against. The unit of thought is a ``Visit``: one candidate at the desk.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from kernel.errors import Kind, Refusal


class State(StrEnum):
    """How far a visit has come."""

    STARTED = "started"
    CONSENTED = "consented"
    MATCHED = "matched"
    CONFIRMED = "confirmed"
    SEATED = "seated"
    REFUSED = "refused"


class Route(StrEnum):
    """How identity is established."""

    FACE = "face"
    MANUAL = "manual"


class Advice(StrEnum):
    """What the matcher says; ``document`` stands for the manual route."""

    SAME = "same"
    REVIEW = "review"
    DIFFERENT = "different"
    UNUSABLE = "unusable"
    DOCUMENT = "document"


AGAINST = frozenset({Advice.DIFFERENT, Advice.UNUSABLE})


@dataclass(frozen=True, slots=True)
class Visit:
    """What has been done so far. ``identified_by`` are the staff of the identity part."""

    state: State = State.STARTED
    route: Route = Route.FACE
    advice: Advice | None = None
    identified_by: tuple[str, ...] = ()
    confirmed_by: tuple[str, ...] = ()
    late_override: bool = False


def consent(visit: Visit, *, face: bool) -> Visit:
    """The candidate agrees to face matching, or chooses the manual route; asked once, before
    identity.
    """
    _need(visit, "consent", State.STARTED, State.CONSENTED, State.MATCHED)
    if visit.route is Route.MANUAL and face:
        raise Refusal("checkin.route_manual", Kind.CONFLICT)
    route = Route.FACE if face else Route.MANUAL
    return replace(visit, state=State.CONSENTED, route=route, advice=None, identified_by=())


def match(visit: Visit, advice: Advice, *, by: str) -> Visit:
    """A frame was matched 1:1 with the portrait; a new frame replaces the old one."""
    _need(visit, "frame", State.CONSENTED, State.MATCHED)
    if visit.route is not Route.FACE or advice is Advice.DOCUMENT:
        raise Refusal("checkin.route_manual", Kind.CONFLICT)
    return replace(visit, state=State.MATCHED, advice=advice, identified_by=(by,))


def identify_by_document(visit: Visit, *, by: str, second: str) -> Visit:
    """The manual route: two different staff compared person and document.

    From the face route it is reached without asking the candidate again: consent given for the face
    does no harm to a check by hand.
    """
    _need(visit, "manual", State.CONSENTED, State.MATCHED)
    if by == second:
        raise Refusal("checkin.same_person", Kind.FORBIDDEN)
    return replace(
        visit, state=State.MATCHED, route=Route.MANUAL, advice=Advice.DOCUMENT,
        identified_by=(by, second),
    )  # fmt: skip


def needs_second(visit: Visit) -> bool:
    """True when the machine advised against and so reason and a second person are needed."""
    return visit.advice in AGAINST


def confirm(visit: Visit, *, by: str, second: str | None, has_reason: bool, late: bool) -> Visit:
    """The invigilator confirms the person. ``late``: after the entry limit of the session."""
    _need(visit, "confirm", State.MATCHED)
    if late and not visit.late_override:
        raise Refusal("checkin.too_late", Kind.CONFLICT)
    if needs_second(visit):
        if not has_reason:
            raise Refusal("checkin.reason_missing", advice=str(visit.advice))
        if second is None:
            raise Refusal("checkin.second_missing", advice=str(visit.advice))
    if second == by:
        raise Refusal("checkin.same_person", Kind.FORBIDDEN)
    people = (by,) if second is None else (by, second)
    return replace(visit, state=State.CONFIRMED, confirmed_by=people)


def refuse(visit: Visit, *, has_reason: bool) -> Visit:
    """A person, never the machine, refuses the candidate; the reason is stated."""
    _need(visit, "refuse", State.STARTED, State.CONSENTED, State.MATCHED)
    if not has_reason:
        raise Refusal("checkin.reason_missing", advice=str(visit.advice or ""))
    return replace(visit, state=State.REFUSED)


def draw_seat(visit: Visit) -> Visit:
    """The third part: the seat is shown. Asking again shows the same seat."""
    _need(visit, "seat", State.CONFIRMED, State.SEATED)
    return replace(visit, state=State.SEATED)


def override_lateness(visit: Visit) -> Visit:
    """The chief lets a late candidate in; the end of the exam stays where it is."""
    _need(visit, "late-override", State.STARTED, State.CONSENTED, State.MATCHED, State.CONFIRMED,
          State.SEATED)  # fmt: skip
    return replace(visit, late_override=True)


def is_open(visit: Visit) -> bool:
    """True only when identity, confirmation and seat are all there."""
    return (
        visit.state is State.SEATED
        and visit.advice is not None
        and bool(visit.identified_by)
        and bool(visit.confirmed_by)
    )


def _need(visit: Visit, act: str, *states: State) -> None:
    if visit.state not in states:
        raise Refusal("checkin.out_of_order", Kind.CONFLICT, act=act, state=visit.state.value)


def hint(reason: str, advice: Advice) -> str:
    """Code of the sentence shown for a verdict; the sentences are in the catalogue of words."""
    if advice is Advice.UNUSABLE:
        return f"verdict.{reason}" if reason in USABLE_HINTS else "verdict.unusable"
    return f"verdict.{advice.value}"


USABLE_HINTS = frozenset({"no_face", "several_faces", "too_small", "blurred", "dark", "bright"})
