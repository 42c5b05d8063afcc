"""The proctor's use cases. Each method has its own transactions; face work is outside them."""

from proctor.service.capturing import Capturing
from proctor.service.enrolment import Enrolment
from proctor.service.recording import Recording
from proctor.service.replay import Replay
from proctor.service.retention import Retention
from proctor.service.shredding import Shredding


class ProctorService(Enrolment, Capturing, Recording, Retention, Replay, Shredding):
    """``ProctorService(database, blobs, keyring, clock, settings, pool)``; call with keywords.

    It reports and never decides. It opens its own transactions, so a caller asks it outside its
    own.
    """
