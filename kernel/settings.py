"""Settings: one frozen tree, read once at start from GONGYUAN_* variables (``__`` between levels).

Rules kept here: every number that a policy could change is named here with its default and where
the default comes from; an unknown or impossible value stops the start with the path of the bad key.
"""

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

DATABASE_FILE = "gongyuan.db"
"""The SQLite database in ``data_dir``."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExamPolicy(_Frozen):
    """Defaults of a session's policy; a session stores its own copy with a version."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    late_limit_s: int = Field(1_800, description="entry refused after start; usual 30 min")
    earliest_submit_s: int = Field(1_800, description="no submission before; usual 30 min")
    reminders_s: tuple[int, ...] = Field((900, 300, 60), description="warnings before the end")
    check_in_opens_s: int = Field(3_600, description="desk opens before the start")
    release_opens_s: int = Field(1_800, description="content key not before T-30 min")
    capture_min_s: int = Field(20, description="random capture interval, low end")
    capture_max_s: int = Field(60, description="random capture interval, high end")
    thumbnail_s: int = Field(5, description="wall picture interval; not matched, not kept")
    segment_s: int = Field(20, description="recording segment length")
    alert_window: int = Field(5, description="captures looked back over")
    alert_misses: int = Field(3, description="non-matching captures within the window that alert")
    offline_after_s: int = Field(15, description="no heartbeat: shown as offline")
    extension_cap_s: int = Field(1_800, description="sum per sitting at room level; above: chief")
    late_data_s: int = Field(600, description="records after the deadline kept as late until then")
    publicity_days: int = Field(
        5, description="公示, working days after publication; usual 5", ge=0, le=90
    )
    review_apply_days: int = Field(
        15,
        description="复核 asked for within so many working days after 公示; usual 15",
        ge=0,
        le=90,
    )
    review_answer_days: int = Field(
        10, description="复核 answered within so many working days; usual 10", ge=0, le=90
    )
    review_positions: int = Field(
        20, description="positions of one 复核 that may be asked about", ge=0, le=500
    )


class FaceSettings(_Frozen):
    """Face matching. Thresholds are cosine similarity of SFace 2021dec (docs/face.md has the
    measurement).
    """

    engine: Literal["sface", "dlib"] = "sface"
    models_dir: Path = Path(".models")
    accept: float = Field(0.45, description="check-in: advised as same person")
    review: float = Field(0.36, description="check-in: below is advised as different")
    same_person: float = Field(0.40, description="captures during the exam")
    sharpness_min: float = Field(
        1.6, description="detail of a face: Laplacian variance by direction and contrast, x 1000"
    )
    brightness_min: float = Field(20.0, description="mean grey level of a face, 0-255")
    face_min_px: int = Field(40, description="height of a face in a frame")
    portrait_face_min_px: int = Field(80, description="height of the face in a portrait on file")
    frame_limit_bytes: int = Field(10 * 1024 * 1024, description="largest picture taken in")
    frame_limit_px: int = Field(24_000_000, description="most pixels of a picture taken in")
    segment_limit_bytes: int = Field(16 * 1024 * 1024, description="largest recording segment")
    queue: int = Field(64, description="frames waiting for a matcher; more are refused", ge=1)
    workers: int = Field(1, description="matcher processes", ge=1)


class HttpSettings(_Frozen):
    """Where the program listens."""

    host: str = "127.0.0.1"
    port: int = 8000
    practice_port: int = 8001
    body_limit_bytes: int = 32 * 1024 * 1024
    origin: str = Field(
        "gongyuan.local", description="name of this log's origin in every signed record"
    )


class CalendarSettings(_Frozen):
    """Working days where they differ from Monday to Friday: the State Council's yearly notice."""

    holidays: tuple[date, ...] = Field((), description="days off, as in 2026-10-01")
    workdays: tuple[date, ...] = Field((), description="make-up days (调休) that are worked")


class SignInSettings(_Frozen):
    """Signing in. Staff are held back by name and place, so that nobody locks another out; the
    same name over all places is held back later.
    """

    token_s: int = Field(12 * 3_600, description="staff and seats: longer than a day's work", ge=60)
    failures: int = Field(5, description="wrong in a row from one place; 等保三级 practice", ge=1)
    failures_anywhere: int = Field(50, description="wrong in a row from all places", ge=1)
    lock_s: int = Field(900, description="then nothing is checked for so long", ge=1, le=3_600)
    seat_failures: int = Field(5, description="wrong numbers in a row at one exam PC", ge=1)
    seat_lock_s: int = Field(60, description="then that PC waits so long", ge=1, le=3_600)


class PortalSettings(_Frozen):
    """The candidates' own page."""

    token_s: int = Field(1_800, description="a sign-in holds so long", ge=60)
    per_address: int = Field(20, description="sign-ins of one address and minute", ge=1)
    per_minute: int = Field(600, description="sign-ins of all addresses in a minute", ge=1)


class TreeSettings(_Frozen):
    """The tree over the log."""

    checkpoint_s: float = Field(
        1.0, gt=0, le=60, description="between rounds; a save is under a checkpoint within 2 s"
    )
    witnesses: tuple[str, ...] = Field(
        (), description="verifier keys (name+id+base64) whose cosignatures are taken"
    )
    per_address: int = Field(60, description="cosignatures of one address and minute", ge=1)
    per_minute: int = Field(600, description="cosignatures of all addresses in a minute", ge=1)
    cover_s: float = Field(
        30.0, description="an archive waits so long for a checkpoint over its seal"
    )


class ErasureSettings(_Frozen):
    """Destroying the keys of a session: k of n named people, none of them who ordered it."""

    needed: int = Field(2, ge=2, description="people who must agree; two-person rule at least")
    approvers: int = Field(3, ge=2, description="people named in an order")
    again_s: float = Field(5.0, description="between looks for keys that another process erased")


class PdfSettings(_Frozen):
    """Printing."""

    font_path: Path | None = Field(
        None, description="TrueType font with Chinese; None searches known places"
    )


class SupervisionSettings(_Frozen):
    """Replays (督导, 复核)."""

    look_s: int = Field(3_600, description="how long one look lasts; then a reason is asked again")


class LedgerSettings(_Frozen):
    """The answer log."""

    suite: Literal["A256GCM-SHA256", "SM4GCM-SM3"] = Field(
        "A256GCM-SHA256",
        description="of a new origin, for life; SM4GCM-SM3 is 国密 and needs the extra gm",
    )


class Settings(BaseSettings):
    """The whole tree. ``Settings()`` reads the environment; tests pass values."""

    model_config = SettingsConfigDict(
        env_prefix="GONGYUAN_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    profile: Literal["embedded", "cluster"] = "embedded"
    data_dir: Path = Path("data")
    database_url: str = Field("", description="empty: SQLite in data_dir")
    client_dir: Path = Field(Path("client/dist"), description="built browser client")
    http: HttpSettings = HttpSettings()
    face: FaceSettings = FaceSettings()
    exam: ExamPolicy = ExamPolicy()
    tree: TreeSettings = TreeSettings()
    erasure: ErasureSettings = ErasureSettings()
    pdf: PdfSettings = PdfSettings()
    ledger: LedgerSettings = LedgerSettings()
    supervision: SupervisionSettings = SupervisionSettings()
    calendar: CalendarSettings = CalendarSettings()
    portal: PortalSettings = PortalSettings()
    sign_in: SignInSettings = SignInSettings()

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / DATABASE_FILE}"

    @property
    def blobs_dir(self) -> Path:
        return self.data_dir / "blobs"

    @property
    def checkpoint_path(self) -> Path:
        """The last checkpoint, outside the database."""
        return self.data_dir / "ledger" / "checkpoint"

    @property
    def clock_path(self) -> Path:
        """Our time, carried over a restart."""
        return self.data_dir / "clock"

    @property
    def keyring_path(self) -> Path:
        return self.data_dir / "keys" / "keyring.json"
