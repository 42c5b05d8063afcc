"""Attacks with data keys: a stream is opened, rewritten and chained on again, as the server would.

The seal's head no longer fits, which the chain shows at the end only; the tree's leaves show the
first record that is another.
"""

from msgspec.structs import replace

from ledger.chain import Damage
from ledger.layout import SEAL_FILE
from ledger.record import Body
from tests.mutations.case import Attack, Case, Expected, at
from tests.mutations.shapes import FOLDER, SESSION_STREAM

DATA_KEY = "has files and data keys; no signing key"
SERVER = "is the server: has its signing key and every data key; no device's key"


def rewrite_answer(case: Case) -> Expected:
    """Another answer in place of one that was given."""
    stream = case.some("sitting/")
    opened = [case.opened(one) for one in case.read(stream)]
    places = [n for n, (_, body) in enumerate(opened) if body.kind == "answer_set"]
    n = case.chance.choice(places)
    header, body = opened[n]
    given = {**body.content, "response": {"choice": ["X"]}}
    opened[n] = (header, Body(body.kind, given))
    case.write(stream, case.rechain(stream, opened, n))
    return at(stream, n + 1, Damage.EDITED)


def change_scoring_event(case: Case) -> Expected:
    """Another mark by hand."""
    opened = [case.opened(one) for one in case.read(SESSION_STREAM)]
    places = [n for n, (_, body) in enumerate(opened) if body.kind in {"marked_by_hand", "marked"}]
    n = case.chance.choice(places)
    header, body = opened[n]
    opened[n] = (header, Body(body.kind, {**body.content, "mark": "99"}))
    case.write(SESSION_STREAM, case.rechain(SESSION_STREAM, opened, n))
    return at(SESSION_STREAM, n + 1, Damage.EDITED)


def forge_staff_act(case: Case) -> Expected:
    """An act of staff that nobody did, in its place in a stream that is chained on again."""
    stream = case.chance.choice(
        [one for one in case.shape.streams() if one.partition("/")[0] != "camera"]
    )
    opened = [case.opened(one) for one in case.read(stream)]
    n = case.chance.randrange(1, len(opened) + 1)
    header, _ = opened[min(n, len(opened) - 1)]
    kind = case.chance.choice(["extended", "warned", "violation", "forced"])
    opened.insert(n, (header, Body(kind, {"by": "staff_9", "reason": "…"})))
    case.write(stream, case.rechain(stream, opened, n))
    return at(stream, n + 1, Damage.INSERTED)


def drop_and_rechain(case: Case) -> Expected:
    stream = case.some(least=3)
    opened = [case.opened(one) for one in case.read(stream)]
    n = case.chance.randrange(len(opened))
    del opened[n]
    case.write(stream, case.rechain(stream, opened, n))
    last = n == len(opened)
    return at(stream, n + 1, Damage.TRUNCATED if last else Damage.DROPPED)


def change_time_and_rechain(case: Case) -> Expected:
    stream = case.some()
    opened = [case.opened(one) for one in case.read(stream)]
    n = case.position(stream)
    header, body = opened[n]
    opened[n] = (replace(header, server_ms=header.server_ms - 1), body)
    case.write(stream, case.rechain(stream, opened, n))
    return at(stream, n + 1, Damage.EDITED)


def relabel_and_rechain(case: Case) -> Expected:
    """One candidate's whole sitting written as another's, under the other's key."""
    one, two = case.chance.sample(case.shape.streams("sitting/"), 2)
    opened = [case.opened(record) for record in case.read(two)]
    newest = max(header.key_version for header, _ in (case.opened(r) for r in case.read(one)))
    opened = [
        (replace(header, stream_id=one, key_version=min(header.key_version, newest)), body)
        for header, body in opened
    ]
    case.write(one, case.rechain(one, opened))
    return at(one, 1, Damage.EDITED, Damage.INSERTED, Damage.DROPPED, Damage.TRUNCATED)


def reseal_by_another(case: Case) -> Expected:
    """Everything anew under a key of one's own; the reader knows the right one."""
    rewrite_answer(case)
    case.reseal(case.own)
    case.signed_by = case.own
    case.drop_tree()
    case.options = {"trust": case.shape.signer.public}
    return at(FOLDER + SEAL_FILE, 0, Damage.SEAL)


def forge_answer_as_server(case: Case) -> Expected:
    """The server rewrites an answer, all chains, seal and manifest; the device's key it lacks."""
    expected = rewrite_answer(case)
    case.reseal(case.shape.signer)
    case.signed_by = case.shape.signer
    case.drop_tree()
    stream = expected.place
    opened = [case.opened(one) for one in case.read(stream)]
    n = expected.seq - 1
    epoch = opened[n][0].epoch
    # The signature that covers the changed event is in the last record of its batch.
    signed = next(
        at + 1
        for at, (header, body) in enumerate(opened)
        if at >= n and header.epoch == epoch and "batch" in body.content
    )
    return at(stream, signed, Damage.FORGED)


ATTACKS = (
    *(
        Attack(act.__name__, DATA_KEY, act)
        for act in (
            rewrite_answer, change_scoring_event, forge_staff_act, drop_and_rechain,
            change_time_and_rechain, relabel_and_rechain, reseal_by_another,
        )
    ),
    Attack("forge_answer_as_server", SERVER, forge_answer_as_server, with_keys=True),
)  # fmt: skip
