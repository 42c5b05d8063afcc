"""The bank as one service, wired once."""

from item_bank.ports import HolderDirectory
from item_bank.service.assembling import Assembling
from item_bank.service.blueprints import Blueprints
from item_bank.service.importing import Importing
from item_bank.service.keys import ItemKeys
from item_bank.service.reading import Reading
from item_bank.service.releasing import Releasing
from item_bank.service.sealing import Sealing
from kernel.blobs import BlobStore
from kernel.clock import Clock
from kernel.crypto.keyring import KeyRing
from kernel.db import Database


class BankService:
    """Every use case of the bank. ``signer_public`` is what halls must trust to take a package."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keyring: KeyRing,
        blobs: BlobStore,
        holders: HolderDirectory,
    ) -> None:
        keys = ItemKeys(keyring)
        signer = keyring.signer("bank")
        self.signer_public = signer.public
        self.blueprints = Blueprints(database, clock)
        self.importing = Importing(database, clock, keys)
        self.reading = Reading(database, clock, keys)
        self.assembling = Assembling(database, clock)
        self.sealing = Sealing(database, clock, keys, signer, blobs, holders)
        self.releasing = Releasing(database, clock, keys, signer)
