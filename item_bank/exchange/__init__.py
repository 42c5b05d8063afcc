"""Files in and out of the bank: Word in two layouts, plain text, Excel, blueprints.

Rules kept here: a reader never stops at the first bad row; a file that cannot be read at all is
refused with a code before anything is unpacked beyond the limits (docs/formats/exchange.md).
"""

from item_bank.exchange.blueprints import read_blueprint
from item_bank.exchange.opening import ITEM_FORMATS, read_items
from item_bank.exchange.writing import write_blueprint, write_items

__all__ = ["ITEM_FORMATS", "read_blueprint", "read_items", "write_blueprint", "write_items"]
