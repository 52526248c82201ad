"""Photos come out as JPEGs of our own making: upright, small enough, and silent about everything but what they show (promises F1, F2)."""

import io
import os
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from chengyun.base.results import Refused
from chengyun.sources.attachments import Kind, Limits, PictureBench, Sanitised, take_in
from chengyun.sources.attachments.pictures import Child, ChildFailed
from sources.attachments import honest

SHANGHAI = ZoneInfo("Asia/Shanghai")


def opened(body: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(body))
    picture.load()
    return picture


def test_a_phone_photo_becomes_a_display_and_a_thumbnail(bench):
    made = take_in(honest.photo(4032, 3024), "IMG_0001.JPG", "image/jpeg", bench=bench)
    assert isinstance(made, Sanitised)
    assert (made.kind, made.media_type, made.inline, made.level) == (Kind.PHOTO, "image/jpeg", True, 2)
    assert (made.width, made.height) == (3024, 4032)  # orientation 6: the phone was held upright
    display, thumb = made.get("display"), made.get("thumb")
    assert opened(display.body).size == (display.width, display.height)
    assert 1600 <= max(opened(display.body).size) <= 2048
    assert max(opened(thumb.body).size) == 320
    assert opened(display.body).format == opened(thumb.body).format == "JPEG"


def test_what_the_photo_claims_is_kept_apart(bench):
    taken = take_in(honest.photo(), "a.jpg", bench=bench).taken
    assert taken.at == datetime(2026, 11, 24, 2, 29, 59, tzinfo=UTC)
    assert (taken.zone_from, taken.turned, taken.accuracy_m) == ("file", True, 8.5)
    assert (round(taken.place.lon, 4), round(taken.place.lat, 4)) == (121.4737, 31.2304)


def test_a_time_without_an_offset_is_read_in_the_citys_zone_and_says_so(bench):
    bare = honest.photo(exif=honest.phone_exif(offset=None, place=False))
    taken = take_in(bare, "a.jpg", bench=bench, zone=SHANGHAI).taken
    assert (taken.at, taken.zone_from, taken.place) == (datetime(2026, 11, 24, 2, 29, 59, tzinfo=UTC), "city", None)
    assert take_in(bare, "a.jpg", bench=bench).taken.at is None


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_nothing_of_the_senders_notes_is_left(bench, form):
    xmp = b"<x:xmpmeta>" + honest.SECRET + b"</x:xmpmeta>"
    more = {"JPEG": {"comment": honest.SECRET, "xmp": xmp}, "WEBP": {"xmp": xmp}}.get(form, {})
    source = honest.photo(form=form, **more)
    assert honest.SECRET in source
    for derivative in take_in(source, "a", bench=bench).derivatives:
        picture = opened(derivative.body)
        assert honest.SECRET not in derivative.body
        assert not picture.getexif()
        assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not any(marker in derivative.body for marker in (b"Exif\0", b"http://ns.adobe", b"ICC_PROFILE", b"Photoshop"))


def test_words_after_the_end_of_a_picture_do_not_survive(bench):
    made = take_in(honest.photo() + b"<script>alert(1)</script>PK\x03\x04", "a.jpg", bench=bench)
    assert all(b"script" not in derivative.body and b"PK\x03\x04" not in derivative.body for derivative in made.derivatives)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_is_turned_as_the_phone_says(bench, orientation):
    plain = Image.new("RGB", (64, 32), "white")
    plain.paste("red", (0, 0, 16, 16))  # the corner that is top left on the sensor
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    plain.save(out, "PNG", exif=exif)
    shown = opened(take_in(out.getvalue(), "a.png", bench=bench).get("display").body)
    width, height = shown.size
    corners = {"tl": (8, 8), "tr": (width - 8, 8), "bl": (8, height - 8), "br": (width - 8, height - 8)}
    red = [name for name, place in corners.items() if shown.getpixel(place)[1] < 100]
    assert red == [{1: "tl", 2: "tr", 3: "br", 4: "bl", 5: "tl", 6: "tr", 7: "br", 8: "bl"}[orientation]]
    assert (width > height) == (orientation < 5)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_way_of_writing_colours_gives_a_plain_picture(bench, mode):
    out = io.BytesIO()
    Image.new(mode, (400, 300)).save(out, "PNG")
    assert opened(take_in(out.getvalue(), "a.png", bench=bench).get("display").body).mode == "RGB"


def test_a_clear_background_is_white(bench):
    out = io.BytesIO()
    Image.new("RGBA", (5000, 100), (255, 0, 0, 0)).save(out, "PNG")
    made = take_in(out.getvalue(), "a.png", bench=bench)
    assert made.get("display").width == 2048
    assert opened(made.get("display").body).getpixel((50, 5)) == (255, 255, 255)


def test_too_many_pixels_are_an_error_not_a_warning(bench):
    out = io.BytesIO()
    Image.new("1", (8000, 6251)).save(out, "PNG")
    assert take_in(out.getvalue(), "a.png", bench=bench).reason == "picture_too_many_pixels"


def test_control_without_the_pixel_limit_the_same_picture_is_taken():
    out = io.BytesIO()
    Image.new("1", (8000, 6251)).save(out, "PNG")
    lax = PictureBench(Limits(pixels=100_000_000), seats=1)
    assert isinstance(take_in(out.getvalue(), "a.png", bench=lax), Sanitised)
    lax.close()


def test_the_child_can_open_no_file_and_start_nothing(bench):
    child = Child(Limits())
    try:
        assert child.sealed
        proc = Path(f"/proc/{child.process.pid}")
        limits = {line[:26].strip(): line[26:].split()[0] for line in (proc / "limits").read_text().splitlines()[1:]}
        assert limits["Max open files"] == "3"
        assert limits["Max file size"] == limits["Max core file size"] == limits["Max processes"] == "0"
        assert int(limits["Max address space"]) < 700 * 1024 * 1024
        status = (proc / "status").read_text()
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t1" in status
        if os.geteuid() == 0:
            assert "Uid:\t65534\t65534\t65534\t65534" in status
        assert sorted(entry.name for entry in (proc / "fd").iterdir()) == ["0", "1", "2"]
    finally:
        child.end()


def test_a_killed_child_costs_one_picture_and_the_next_gets_a_new_one():
    bench = PictureBench(seats=1)
    bench.warm()
    child = bench._idle[0]
    os.kill(child.process.pid, signal.SIGSTOP)  # as a decoder that never ends
    killer = threading.Timer(0.2, child.process.kill)
    killer.start()
    assert take_in(honest.photo(), "a.jpg", bench=bench).reason == "picture_too_costly"
    assert isinstance(take_in(honest.photo(), "a.jpg", bench=bench), Sanitised)
    bench.close()


def test_a_child_that_takes_too_long_is_killed(monkeypatch):
    child = Child(Limits())
    monkeypatch.setattr("chengyun.sources.attachments.pictures.WALL_SECONDS", 0.1)
    os.kill(child.process.pid, signal.SIGSTOP)
    with pytest.raises(ChildFailed):
        child.work(honest.photo())
    child.end()
    assert child.process.returncode == -signal.SIGKILL


def test_a_child_does_its_share_and_is_replaced(monkeypatch):
    monkeypatch.setattr("chengyun.sources.attachments.pictures.SHARE", 2)
    bench, seen = PictureBench(seats=1), []
    for _ in range(4):
        bench.warm()
        seen.append(bench._idle[0].process.pid)
        assert isinstance(take_in(honest.photo(200, 100), "a.jpg", bench=bench), Sanitised)
    assert seen[0] == seen[1] != seen[2] == seen[3]
    bench.close()


def test_photos_of_eight_threads_do_not_meet(bench):
    results: dict[int, object] = {}

    def work(number: int) -> None:
        results[number] = take_in(honest.photo(300 + number, 200, exif=honest.phone_exif(orientation=1)), "a.jpg", bench=bench)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: made.width for number, made in results.items()} == {number: 300 + number for number in range(8)}


def test_a_refusal_names_a_known_reason(bench):
    refused = take_in(b"\xff\xd8\xff\xe0" + bytes(100), "a.jpg", bench=bench)
    assert refused == Refused("file_damaged", refused.facts)
