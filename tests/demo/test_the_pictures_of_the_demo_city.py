"""Pictures of simulated cases: drawn, small, marked, and the same place before and after."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops

from chengyun_demo.history import past_cases
from chengyun_demo.photos import HEIGHT, WIDTH, draw, scenes


def opened(scene):
    return Image.open(BytesIO(draw(scene))).convert("L")


def test_a_scene_is_a_small_jpeg_without_metadata_and_always_the_same():
    image = Image.open(BytesIO(draw("litter-2-before")))
    assert image.format == "JPEG"
    assert image.size == (WIDTH, HEIGHT)
    assert not image.getexif()
    assert draw("litter-2-before") == draw("litter-2-before")
    assert len(draw("litter-2-before")) < 60_000


@pytest.mark.parametrize("theme", ["litter", "manhole", "vendor", "lamp"])
def test_before_and_after_are_the_same_place_without_the_trouble(theme):
    def far(one, other):
        return sum(ImageChops.difference(opened(one), opened(other)).resize((32, 24)).tobytes())

    assert draw(f"{theme}-1-before") != draw(f"{theme}-1-after")
    assert far(f"{theme}-1-before", f"{theme}-1-after") < far(f"{theme}-1-before", f"{theme}-3-after")


def test_every_picture_is_marked_across_its_foot():
    for scene in list(scenes())[::13]:
        foot = opened(scene).crop((8, HEIGHT - 32, 190, HEIGHT - 4))
        dark = sum(1 for value in foot.tobytes() if value < 110)
        assert dark > 250, scene


def test_every_photo_of_the_past_has_a_scene(city):
    known = set(scenes())
    for past, _ in zip(past_cases(city, count=60), range(200), strict=False):
        assert {photo.scene for photo in past.photos} <= known


def test_an_unknown_scene_is_refused():
    with pytest.raises(ValueError, match="theme-number-stage"):
        draw("castle-1-before")
