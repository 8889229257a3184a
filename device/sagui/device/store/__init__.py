"""The models that a device keeps: one at work, the one before, and one to come. Each is whole, or it is not there."""

from sagui.device.store.ledger import Failed, Held, Ledger, Origin, Outcome, Staged, Trial
from sagui.device.store.store import Store, store_folder

__all__ = ["Failed", "Held", "Ledger", "Origin", "Outcome", "Staged", "Store", "Trial", "store_folder"]
