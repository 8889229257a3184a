"""Messages to the device that are dropped; test_claim.py has those that are heard."""

from tests.device.said import Said

from sagui.device.mqtt.connection import Received
from sagui.device.mqtt.inbox import LARGEST_BYTES, ROOM, Inbox


def test_what_is_dropped_is_said_once_of_each_kind() -> None:
    said = Said()
    inbox = Inbox(said)
    inbox.put(Received("t", b"", retained=False))
    inbox.complain()
    assert not said.events
    for _ in range(3):
        inbox.put(Received("t", bytes(LARGEST_BYTES + 1), retained=False))
        inbox.complain()
    assert [fields["reason"] for fields in said.fields] == ["large"]
    for _ in range(2 * ROOM):
        inbox.put(Received("t", b"", retained=False))
        inbox.complain()
    assert [fields["reason"] for fields in said.fields] == ["large", "many"]
    assert set(said.events) == {"message-dropped"}
