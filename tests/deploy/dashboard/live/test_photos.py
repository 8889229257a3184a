from sagui.deploy.dashboard.live.photos import LARGEST_BYTES, Photos

JPEG = b"\xff\xd8\xff\xe0"


def test_the_newest_photo_is_kept_with_a_new_number() -> None:
    photos = Photos()
    assert photos.take("porch", JPEG + b"1", 10.0)
    first = photos.get("porch")
    photos.take("porch", JPEG + b"2", 11.0)
    second = photos.get("porch")
    assert first is not None
    assert second is not None
    assert (second.jpeg, second.taken_s) == (JPEG + b"2", 11.0)
    assert second.number > first.number


def test_what_is_no_photo_is_left_alone() -> None:
    photos = Photos()
    photos.take("porch", JPEG, 10.0)
    assert not photos.take("porch", b"<svg onload=alert(1)>", 11.0)
    assert not photos.take("porch", JPEG + bytes(LARGEST_BYTES), 11.0)
    kept = photos.get("porch")
    assert kept is not None
    assert kept.jpeg == JPEG


def test_an_empty_one_takes_it_away() -> None:
    photos = Photos()
    photos.take("porch", JPEG, 10.0)
    assert photos.take("porch", b"", 11.0)
    assert photos.get("porch") is None
    assert not photos.take("porch", b"", 12.0)


def test_all_together_are_bounded() -> None:
    photos = Photos(most_bytes=3000)
    for number in range(10):
        photos.take(f"cam-{number}", JPEG + bytes(996), 10.0)
    assert [number for number in range(10) if photos.get(f"cam-{number}")] == [7, 8, 9]
    photos.take("cam-9", JPEG, 11.0)
    assert photos.get("cam-7") is not None
