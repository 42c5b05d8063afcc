"""Shapes that HTTP and the socket share: a batch of events in; state, paper and receipts out.

Rules kept here: what goes out is typed where it is made, so that both ways, the API's description
and the client's types say the same.
"""

from server.sittings.service.shapes.events import (
    AckShown,
    EventIn,
    EventsIn,
    ack_json,
    from_base64,
    to_base64,
)
from server.sittings.service.shapes.paper import PaperShown, paper_json
from server.sittings.service.shapes.quick import quickly, quickly_said
from server.sittings.service.shapes.state import (
    NoticeShown,
    ReceiptShown,
    StateShown,
    masked,
    notice_json,
    receipt_json,
    state_json,
)

__all__ = [
    "AckShown",
    "EventIn",
    "EventsIn",
    "NoticeShown",
    "PaperShown",
    "ReceiptShown",
    "StateShown",
    "ack_json",
    "from_base64",
    "masked",
    "notice_json",
    "paper_json",
    "quickly",
    "quickly_said",
    "receipt_json",
    "state_json",
    "to_base64",
]
