"""Which role may do what over HTTP: the whole table, read by people before it is read by a test.

What is not here is open to nobody of the staff. Having the role is not enough where a session is
named: the duty in that session is asked as well (403 ``sessions.not_staffed``).
"""

from kernel.access import Role

ANYBODY = tuple(Role)
PUBLIC = frozenset(
    {
        "POST /api/staff/sign-in",
        "POST /api/sitting/sign-in",
        "GET /api/receipts/{code}",
        "POST /api/portal/sign-in",
        "GET /api/receipts/{code}/proof",
        "GET /healthz",
        "GET /log/checkpoint",
        "GET /log/key",
        "GET /log/tile/entries/{path}",
        "GET /log/tile/{level}/{path}",
        "POST /log/cosignatures",
    }
)
"""Open without a token."""

_TABLE: tuple[tuple[tuple[Role, ...], tuple[str, ...]], ...] = (
    (
        (),  # the candidates' own page knows its own tokens only
        (
            "POST /api/portal/sign-out",
            "GET /api/portal/sitting",
            "GET /api/portal/receipt.tlog-proof",
            "GET /api/portal/receipt.pdf",
            "POST /api/portal/reviews",
        ),
    ),
    (
        ANYBODY,
        (
            "GET /api/staff/me",
            "GET /api/sessions",
            "GET /api/sessions/mine",
            "GET /api/sessions/{session_id}",
            "GET /api/sessions/{session_id}/staff",
            "GET /api/violations",
            "POST /api/staff/sign-out",
        ),
    ),
    (
        (
            Role.ADMINISTRATOR,
            Role.OFFICER,
            Role.CHIEF,
        ),
        ("GET /api/staff",),
    ),
    (
        (Role.ADMINISTRATOR,),
        (
            "POST /api/staff",
            "POST /api/papers/signers",
        ),
    ),
    (
        (
            Role.ADMINISTRATOR,
            Role.OFFICER,
            Role.CHIEF,
            Role.INVIGILATOR,
            Role.SUPERVISOR,
        ),
        (
            "GET /api/bodies",
            "GET /api/sites",
            "GET /api/sites/{site_id}/rooms",
        ),
    ),
    (
        (
            Role.ADMINISTRATOR,
            Role.OFFICER,
        ),
        (
            "POST /api/bodies",
            "POST /api/sites",
            "POST /api/sites/{site_id}/rooms",
        ),
    ),
    (
        (
            Role.ADMINISTRATOR,
            Role.BANK_KEEPER,
            Role.OFFICER,
            Role.KEY_HOLDER,
        ),
        (
            "GET /api/papers/holders",
            "GET /api/papers/signers",
        ),
    ),
    (
        (
            Role.ADMINISTRATOR,
            Role.AUDITOR,
            Role.OFFICER,
            Role.CHIEF,
            Role.INVIGILATOR,
            Role.KEY_HOLDER,
            Role.MARKER,
            Role.SUPERVISOR,
        ),
        (
            "GET /api/sessions/{session_id}/draw",
            "GET /api/sessions/{session_id}/draw/proof",
        ),
    ),
    (
        (
            Role.ADMINISTRATOR,
            Role.CHIEF,
        ),
        ("POST /api/bodies/{body_id}/violations/confirm",),
    ),
    (
        (
            Role.AUDITOR,
            Role.OFFICER,
            Role.CHIEF,
            Role.INVIGILATOR,
            Role.SUPERVISOR,
        ),
        (
            "GET /api/sessions/{session_id}/candidates",
            "GET /api/candidates/{candidate_id}/portrait",
            "GET /api/sessions/{session_id}/tickets.pdf",
            "GET /api/candidates/{candidate_id}/ticket.pdf",
        ),
    ),
    (
        (
            Role.AUDITOR,
            Role.OFFICER,
            Role.CHIEF,
            Role.SUPERVISOR,
        ),
        (
            "GET /api/sessions/{session_id}/results",
            "GET /api/sessions/{session_id}/results.xlsx",
        ),
    ),
    (
        (
            Role.AUTHOR,
            Role.REVIEWER,
            Role.BANK_KEEPER,
            Role.OFFICER,
        ),
        (
            "GET /api/bank/blueprints",
            "GET /api/bank/blueprints/{blueprint_id}",
            "GET /api/bank/items",
            "GET /api/bank/assemblies",
            "GET /api/bank/packages",
            "GET /api/bank/released/bundle",
        ),
    ),
    (
        (
            Role.AUTHOR,
            Role.BANK_KEEPER,
        ),
        (
            "POST /api/bank/blueprints",
            "POST /api/bank/items/import",
        ),
    ),
    (
        (
            Role.AUTHOR,
            Role.REVIEWER,
        ),
        ("GET /api/bank/items/{item_id}",),
    ),
    (
        (
            Role.REVIEWER,
            Role.BANK_KEEPER,
        ),
        ("POST /api/bank/items/{item_id}/release",),
    ),
    (
        (Role.BANK_KEEPER,),
        (
            "POST /api/bank/assemblies",
            "POST /api/bank/assemblies/{assembly_id}/seal",
        ),
    ),
    (
        (
            Role.BANK_KEEPER,
            Role.OFFICER,
        ),
        ("GET /api/bank/packages/{package_id}/file",),
    ),
    (
        (Role.OFFICER,),
        (
            "POST /api/rooms/{room_id}/machines/{machine_code}/set-up",
            "POST /api/sessions",
            "POST /api/sessions/{session_id}/staff",
            "POST /api/sessions/{session_id}/candidates/import",
            "POST /api/sessions/{session_id}/package",
            "POST /api/sessions/{session_id}/draw/freeze",
        ),
    ),
    (
        (
            Role.OFFICER,
            Role.CHIEF,
            Role.KEY_HOLDER,
            Role.SUPERVISOR,
        ),
        ("GET /api/sessions/{session_id}/package", "GET /api/sessions/{session_id}/releases"),
    ),
    (
        (
            Role.OFFICER,
            Role.CHIEF,
        ),
        (
            "POST /api/sessions/{session_id}/draw/commitments",
            "POST /api/sessions/{session_id}/draw/reveals",
            "POST /api/sessions/{session_id}/draw/fallback",
            "POST /api/sessions/{session_id}/draw/abort",
            "GET /api/sessions/{session_id}/late",
            "POST /api/sittings/{sitting_id}/late",
            "POST /api/sessions/{session_id}/marking/run",
            "GET /api/sessions/{session_id}/marking/run",
            "POST /api/sessions/{session_id}/results/publish",
            "GET /api/sessions/{session_id}/reviews",
            "POST /api/sessions/{session_id}/reviews/{review_id}/proposal",
            "POST /api/sessions/{session_id}/reviews/{review_id}/proposal/approve",
            "POST /api/sessions/{session_id}/reviews/{review_id}/openings",
            "POST /api/sessions/{session_id}/reviews/{review_id}/openings/{opening_id}/approve",
            "GET /api/sessions/{session_id}/reviews/{review_id}/openings/{opening_id}/file",
            "POST /api/sessions/{session_id}/archive",
            "GET /api/sessions/{session_id}/archives",
            "GET /api/archives/{archive_id}/file",
        ),
    ),
    (
        (Role.OFFICER, Role.SUPERVISOR),
        ("POST /api/sessions/{session_id}/holds", "POST /api/holds/{hold_id}/lift"),
    ),
    (
        (Role.OFFICER, Role.SUPERVISOR, Role.CHIEF),
        (
            "GET /api/sessions/{session_id}/erasure",
            "GET /api/erasures/{erasure_id}/statement.json",
            "GET /api/erasures/{erasure_id}/statement.pdf",
            "POST /api/erasures/{erasure_id}/agree",  # the order names who of them may
        ),
    ),
    (
        (Role.OFFICER,),
        (
            "POST /api/sessions/{session_id}/erasure",
            "POST /api/erasures/{erasure_id}/withdraw",
            "POST /api/erasures/{erasure_id}/sequence",
            "POST /api/erasures/{erasure_id}/run",
        ),
    ),
    (
        (
            Role.OFFICER,
            Role.CHIEF,
            Role.INVIGILATOR,
        ),
        (
            "GET /api/sessions/{session_id}/rooms/{room_id}/wall",
            "GET /api/sittings/{sitting_id}/thumb.jpg",
            "GET /api/incidents/{incident_id}/conflicts",
            "GET /api/sittings/{sitting_id}/timeline",
            "GET /api/sessions/{session_id}/incidents",
            "GET /api/captures/{capture_id}.jpg",
            "GET /api/sessions/{session_id}/rooms/{room_id}/room-record",
            "GET /api/sessions/{session_id}/rooms/{room_id}/room-record.pdf",
            "GET /api/sessions/{session_id}/rooms/{room_id}/receipts.pdf",
            "GET /api/sittings/{sitting_id}/receipt.pdf",
        ),
    ),
    (
        (
            Role.OFFICER,
            Role.CHIEF,
            Role.MARKER,
        ),
        ("GET /api/sessions/{session_id}/marking/progress",),
    ),
    (
        (
            Role.CHIEF,
            Role.OFFICER,
        ),
        ("POST /api/sessions/{session_id}/checkpoint.pdf",),
    ),
    (
        (Role.CHIEF,),
        ("POST /api/sessions/{session_id}/close",),
    ),
    (
        (
            Role.CHIEF,
            Role.INVIGILATOR,
        ),
        (
            "GET /api/sessions/{session_id}/desk",
            "POST /api/sessions/{session_id}/checkins",
            "GET /api/checkins/{checkin_id}",
            "POST /api/checkins/{checkin_id}/consent",
            "POST /api/checkins/{checkin_id}/frame",
            "GET /api/checkins/{checkin_id}/frame.jpg",
            "POST /api/checkins/{checkin_id}/manual",
            "POST /api/checkins/{checkin_id}/confirm",
            "POST /api/checkins/{checkin_id}/seat",
            "GET /api/checkins/{checkin_id}/slip.pdf",
            "POST /api/checkins/{checkin_id}/late-override",
            "POST /api/incidents/{incident_id}/decide",
            "POST /api/sittings/{sitting_id}/warn",
            "POST /api/sittings/{sitting_id}/extend",
            "POST /api/sittings/{sitting_id}/pause",
            "POST /api/sittings/{sitting_id}/resume",
            "POST /api/sittings/{sitting_id}/force-submit",
            "POST /api/sittings/{sitting_id}/violation",
            "POST /api/sittings/{sitting_id}/confirm-face",
            "POST /api/sittings/{sitting_id}/transfer",
            "GET /api/sessions/{session_id}/rooms/{room_id}/absent",
            "POST /api/sessions/{session_id}/rooms/{room_id}/absent",
        ),
    ),
    (
        (
            Role.SUPERVISOR,
            Role.OFFICER,
            Role.CHIEF,
        ),
        (
            "GET /api/sessions/{session_id}/replays",
            "POST /api/sittings/{sitting_id}/replay",
            "GET /api/replays/{look_id}/moments",
            "GET /api/replays/{look_id}/frame",
            "GET /api/replays/{look_id}/captures/{capture_id}.jpg",
            "GET /api/replays/{look_id}/score",
        ),
    ),
    (
        (Role.KEY_HOLDER,),
        (
            "POST /api/papers/holders",
            "POST /api/sessions/{session_id}/release",
            "POST /api/sessions/{session_id}/scoring-release",
        ),
    ),
    (
        (Role.MARKER,),
        (
            "GET /api/sessions/{session_id}/marking/queue",
            "POST /api/sessions/{session_id}/marking/undo",
            "POST /api/marking/{task_id}",
        ),
    ),
)

OPEN_TO = {endpoint: frozenset(roles) for roles, endpoints in _TABLE for endpoint in endpoints}
