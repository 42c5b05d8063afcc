"""The bank's use cases, split by verb; ``BankService`` is all of them."""

from item_bank.service.assembling import Ask, AssemblyView, FormReport
from item_bank.service.bank import BankService
from item_bank.service.blueprints import BlueprintDetail, BlueprintView
from item_bank.service.importing import ImportReport
from item_bank.service.reading import ItemDetail, ItemPage, ItemView
from item_bank.service.releasing import ReleaseState
from item_bank.service.sealing import PackageView

__all__ = [
    "Ask",
    "AssemblyView",
    "BankService",
    "BlueprintDetail",
    "BlueprintView",
    "FormReport",
    "ImportReport",
    "ItemDetail",
    "ItemPage",
    "ItemView",
    "PackageView",
    "ReleaseState",
]
