from sagui.deploy.watch import Fleet, Limits


def test_a_device_that_is_taken_back_in_the_midst_of_its_flood_is_gone() -> None:
    fleet = Fleet(Limits(messages_per_s=10))
    fleet.take("sagui/evil/availability", b"online", 100.0, retained=False)
    for _ in range(50):
        fleet.take("sagui/evil/result", b"{}", 100.5, retained=False)
    fleet.take("sagui/evil/health", b"late", 100.6, retained=False)
    row = fleet.row("evil")
    assert row
    assert row.left_out == 42
    fleet.take("sagui/evil/availability", b"", 100.7, retained=False)
    assert fleet.row("evil") is None
