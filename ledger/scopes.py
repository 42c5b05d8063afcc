"""Which data key a stream is under, and what its opening record says of it. Pure."""

from kernel.codec import encode
from kernel.crypto.suite import InternationalSuite, Suite

KEY_BYTES = 32
FIRST_VERSION = 1
_DEFAULT = InternationalSuite()


def scope_of(stream_id: str) -> str:
    """``sitting/x`` and ``camera/x`` share the scope ``sitting/x``; other streams are their own."""
    noun, _, rest = stream_id.partition("/")
    return f"sitting/{rest}" if noun == "camera" else stream_id


def streams_of(scope: str) -> list[str]:
    """Every stream that may be under the scope's key, in the order of their names."""
    noun, _, rest = scope.partition("/")
    return [f"camera/{rest}", scope] if noun == "sitting" else [scope]


def locked_before(stream_id: str) -> str | None:
    """The stream whose head is locked before this one's: a room's after its session's, so that no
    two acts that touch several of them wait for each other in a circle.
    """
    noun, _, rest = stream_id.partition("/")
    return session_stream(rest.partition("/")[0]) if noun == "room" else None


def session_stream(session_id: str) -> str:
    """The stream of what concerns the session as a whole."""
    return f"session/{session_id}"


def key_commitment(key: bytes, suite: Suite = _DEFAULT) -> bytes:
    """What the opening record says of the data key: it binds without telling. ``suite`` is the
    stream's.
    """
    return suite.hash(encode("data-key-commitment", 1, [key]))
