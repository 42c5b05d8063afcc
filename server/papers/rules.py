"""When a package's keys may come out, and whether what came out is what the manifest named.

Rules kept here: the content key not before the policy's time and only for an arranged session; the
scoring key only for a closed one; forms must have the hashes of the signed manifest, and every
objective item a key; a given share counts for half an hour, and a server's key takes shares for no
longer, so that what was sealed to it dies with it.
"""

from enum import StrEnum

from kernel.errors import Kind, Refusal
from paper.package import Content, Manifest, Scoring, form_hash

SHARE_KEPT_MS = 1_800_000
KEY_RENEWED_MS = 1_500_000  # before nobody seals to it any more
KEY_TAKES_MS = 1_800_000
KEY_KEPT_MS = KEY_TAKES_MS + SHARE_KEPT_MS
HEARD_MS = 15_000  # three rounds of a server


class Part(StrEnum):
    """The two ciphertexts of a package."""

    CONTENT = "content"
    SCORING = "scoring"


def check_release_time(now_ms: int, starts_at_ms: int, release_opens_s: int) -> None:
    """Raises ``papers.too_early`` with the first permitted instant."""
    opens_ms = starts_at_ms - release_opens_s * 1_000
    if now_ms < opens_ms:
        wait_s = -(-(opens_ms - now_ms) // 1_000)
        raise Refusal("papers.too_early", Kind.CONFLICT, not_before_ms=opens_ms, wait_s=wait_s)


def share_counts(given_at_ms: int, now_ms: int) -> bool:
    """Whether a share is not yet forgotten. Another server's clock may be before or behind ours."""
    return abs(now_ms - given_at_ms) < SHARE_KEPT_MS


def key_takes(made_at_ms: int, now_ms: int) -> bool:
    """Whether a server's key is young enough to seal shares to."""
    return abs(now_ms - made_at_ms) < KEY_TAKES_MS


def check_content(manifest: Manifest, content: Content) -> None:
    """Raises ``papers.form_differs`` naming the form that is not what was signed."""
    opened = {form.form_code: form for form in content.forms}
    signed = {summary.form_code for summary in manifest.forms}
    if not len(signed) == len(opened) == len(content.forms) == len(manifest.forms):
        raise Refusal("papers.form_differs", Kind.CONFLICT, form="*")
    for summary in manifest.forms:
        form = opened.get(summary.form_code)
        if form is None or form_hash(form).hex() != summary.form_hash:
            raise Refusal("papers.form_differs", Kind.CONFLICT, form=summary.form_code)


def check_scoring(content: Content, scoring: Scoring) -> None:
    """Raises ``papers.key_missing`` naming the first item without a key."""
    for form in content.forms:
        for item in form.items:
            if item.item_id not in scoring.keys:
                raise Refusal("papers.key_missing", Kind.CONFLICT, item=item.item_id)
