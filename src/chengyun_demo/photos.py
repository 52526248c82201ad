"""Pictures for the evidence of simulated cases: drawn, never taken, and every one marked 模拟 SIMULATED across its foot.

`draw("litter-2-before")` gives a JPEG. A scene is a place (wall colours, road, light follow from theme and number); its stages are
the same place: `before` and `verify` with the trouble, `after` and `check` without, each from a slightly different standpoint, so that
pairs can be told apart and still belong together. The two characters of the mark are strokes of our own: no font is asked for.
"""

import random
from collections.abc import Callable, Iterator
from io import BytesIO

from PIL import Image, ImageDraw, ImageFilter, ImageFont

THEMES = ("litter", "bin", "road", "street", "vendor", "works", "water", "sign", "bikes", "lamp", "manhole", "tree")
VARIANTS = (1, 2, 3)
STAGES = ("before", "verify", "after", "check")
WIDTH, HEIGHT = 640, 480
HORIZON, KERB = 250, 350

Pen = ImageDraw.ImageDraw
Spot = tuple[int, int]

# 模 and 拟 as strokes on a square of 100
MARK = (
    (
        ((5, 30), (42, 30)), ((24, 5), (24, 95)), ((24, 32), (4, 66)), ((25, 36), (42, 54)), ((48, 16), (96, 16)), ((62, 5), (62, 26)),
        ((82, 5), (82, 26)), ((56, 33), (90, 33), (90, 62), (56, 62), (56, 33)), ((56, 47), (90, 47)), ((46, 72), (98, 72)),
        ((73, 62), (70, 76), (48, 98)), ((74, 74), (98, 98)),
    ),
    (
        ((4, 26), (36, 26)), ((22, 4), (22, 92), (10, 84)), ((2, 62), (36, 50)), ((46, 14), (46, 76), (62, 62)), ((60, 22), (68, 40)),
        ((88, 8), (84, 50), (54, 96)), ((80, 62), (98, 94)),
    ),
)  # fmt: skip


def scenes() -> Iterator[str]:
    """Every scene there is: 12 themes, 3 places each, 4 stages."""
    for theme in THEMES:
        for variant in VARIANTS:
            for stage in STAGES:
                yield f"{theme}-{variant}-{stage}"


def draw(scene: str) -> bytes:
    """The JPEG of a scene, the same bytes each time."""
    theme, variant, stage = scene.split("-")
    if theme not in THEMES or int(variant) not in VARIANTS or stage not in STAGES:
        raise ValueError(f"no scene {scene!r}: it is theme-number-stage, for example litter-2-before")
    place = random.Random(f"{theme}-{variant}")
    image = Image.new("RGB", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(image)
    _place(pen, place, theme)
    spot = (place.randrange(220, 420), place.randrange(330, 400))
    TROUBLE[theme](pen, place, spot, stage in ("before", "verify"))
    image = _standpoint(image, stage, place)
    _mark(image)
    kept = BytesIO()
    image.save(kept, "JPEG", quality=78)
    return kept.getvalue()


# --- the place --------------------------------------------------------------------------------------------------------


def _place(pen: Pen, draw: random.Random, theme: str) -> None:
    light = draw.randrange(-14, 15)
    pen.rectangle((0, 0, WIDTH, HORIZON), fill=(196 + light, 212 + light, 222 + light))
    x = -40
    while x < WIDTH:
        wide, high = draw.randrange(90, 190), draw.randrange(70, 205)
        grey = draw.randrange(150, 205)
        wall = (grey, grey - draw.randrange(0, 14), grey - draw.randrange(6, 26))
        pen.rectangle((x, HORIZON - high, x + wide, HORIZON), fill=wall)
        for wx in range(x + 12, x + wide - 18, 26):
            for wy in range(HORIZON - high + 12, HORIZON - 46, 30):
                pen.rectangle((wx, wy, wx + 14, wy + 18), fill=(118, 134, 146) if draw.random() < 0.8 else (214, 200, 150))
        if draw.random() < 0.75:
            colour = draw.choice(((150, 76, 62), (62, 104, 96), (84, 92, 132), (170, 136, 74)))
            pen.rectangle((x + 8, HORIZON - 44, x + wide - 8, HORIZON - 30), fill=colour)
            pen.rectangle((x + 16, HORIZON - 30, x + wide - 16, HORIZON), fill=(92, 92, 90))
        x += wide + draw.randrange(2, 26)
    pen.rectangle((0, HORIZON, WIDTH, KERB), fill=(178, 172, 162))
    for k in range(-6, 24):
        pen.line(((WIDTH // 2 + (k - 9) * 34, HORIZON), (WIDTH // 2 + (k - 9) * 92, KERB)), fill=(160, 154, 146), width=1)
    for y in (264, 282, 308):
        pen.line(((0, y), (WIDTH, y)), fill=(160, 154, 146), width=1)
    pen.rectangle((0, KERB, WIDTH, KERB + 8), fill=(204, 202, 196))
    if theme == "water":
        pen.rectangle((0, KERB + 8, WIDTH, HEIGHT), fill=(112, 142, 148))
        for _ in range(60):
            wx, wy = draw.randrange(0, WIDTH), draw.randrange(KERB + 14, HEIGHT)
            pen.line(((wx, wy), (wx + draw.randrange(14, 50), wy)), fill=(136, 164, 168), width=1)
        for wx in range(0, WIDTH, 42):
            pen.line(((wx, KERB - 34), (wx, KERB + 4)), fill=(92, 96, 98), width=4)
        pen.line(((0, KERB - 32), (WIDTH, KERB - 32)), fill=(92, 96, 98), width=4)
    else:
        pen.rectangle((0, KERB + 8, WIDTH, HEIGHT), fill=(104, 106, 108))
        for wx in range(-30, WIDTH, 120):
            pen.polygon(((wx, 446), (wx + 62, 446), (wx + 54, 454), (wx - 8, 454)), fill=(214, 212, 202))
    for wx in (draw.randrange(30, 130), draw.randrange(500, 610)):
        pen.rectangle((wx - 4, HORIZON - 26, wx + 4, HORIZON + 34), fill=(106, 84, 62))
        for _ in range(26):
            cx, cy = wx + draw.randrange(-38, 39), HORIZON - 56 + draw.randrange(-34, 35)
            green = draw.randrange(96, 140)
            pen.ellipse((cx - 14, cy - 12, cx + 14, cy + 12), fill=(green - 40, green, green - 48))


def _standpoint(image: Image.Image, stage: str, draw: random.Random) -> Image.Image:
    """Another day, another foot: a crop and a little light, different for each stage."""
    left, top, zoom, light = {"before": (0, 0, 0, 0), "verify": (10, 8, 26, -8), "after": (6, 2, 14, 10), "check": (16, 12, 34, 4)}[stage]
    left += draw.randrange(0, 6)
    cut = image.crop((left, top, WIDTH - zoom + left, HEIGHT - zoom + top)).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    cut = cut.point([max(0, min(255, value + light)) for value in range(256)] * 3)
    return cut.filter(ImageFilter.GaussianBlur(0.6))


def _mark(image: Image.Image) -> None:
    pen = ImageDraw.Draw(image, "RGBA")
    pen.rectangle((0, HEIGHT - 34, WIDTH, HEIGHT), fill=(255, 255, 255, 150))
    for n, character in enumerate(MARK):
        for stroke in character:
            pen.line([(14 + n * 28 + x * 0.24, HEIGHT - 29 + y * 0.24) for x, y in stroke], fill=(40, 40, 40, 255), width=2)
    pen.text((78, HEIGHT - 30), "SIMULATED", fill=(40, 40, 40, 255), font=ImageFont.load_default(20))


# --- what is wrong there ------------------------------------------------------------------------------------------------


def _litter(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    for _ in range(34):
        dx, dy, size = draw.randrange(-70, 71), draw.randrange(-26, 27), draw.randrange(4, 13)
        colour = draw.choice(((228, 226, 216), (70, 74, 82), (182, 60, 50), (64, 110, 160), (206, 188, 120)))
        if wrong:
            pen.polygon(
                [(at[0] + dx + draw.randrange(-size, size + 1), at[1] + dy + draw.randrange(-size, size + 1)) for _ in range(5)],
                fill=colour,
            )
    if wrong:
        for dx in (-44, -8, 30):
            pen.ellipse((at[0] + dx - 24, at[1] - 44, at[0] + dx + 24, at[1] + 6), fill=(48, 50, 54))
            pen.line(((at[0] + dx, at[1] - 44), (at[0] + dx + 6, at[1] - 56)), fill=(48, 50, 54), width=4)


def _bin(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    for n, colour in enumerate(((70, 112, 84), (70, 96, 140))):
        x = at[0] + n * 62
        pen.rectangle((x, at[1] - 86, x + 52, at[1]), fill=colour)
        pen.rectangle((x - 4, at[1] - 94, x + 56, at[1] - 84), fill=tuple(c - 24 for c in colour))
        if wrong:
            for _ in range(9):
                bx, by = x + draw.randrange(0, 46), at[1] - 100 - draw.randrange(0, 18)
                pen.ellipse((bx, by, bx + 20, by + 16), fill=draw.choice(((222, 222, 214), (54, 56, 60), (190, 172, 110))))
    if wrong:
        _litter(pen, draw, (at[0] + 30, at[1] + 18), True)


def _road(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    y = max(at[1], 396)
    ring = [
        (at[0] + dx + draw.randrange(-8, 9), y + dy + draw.randrange(-4, 5))
        for dx, dy in ((-70, 0), (-30, -22), (26, -20), (72, 2), (30, 24), (-34, 22))
    ]
    pen.polygon(ring, fill=(58, 56, 54) if wrong else (86, 88, 90))
    if wrong:
        pen.ellipse((at[0] - 30, y - 8, at[0] + 34, y + 12), fill=(122, 134, 140))
        for _ in range(16):
            x, dy = at[0] + draw.randrange(-96, 97), draw.randrange(-26, 28)
            pen.line(((x, y + dy), (x + draw.randrange(-24, 25), y + dy + draw.randrange(-12, 13))), fill=(74, 74, 74), width=2)


def _street(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    for x in (at[0] - 110, at[0] + 110):
        pen.rectangle((x - 3, 230, x + 3, 344), fill=(110, 112, 112))
    if wrong:
        pen.line(((at[0] - 110, 246), (at[0], 254), (at[0] + 110, 246)), fill=(70, 70, 70), width=2)
        for n in range(5):
            x = at[0] - 92 + n * 40
            colour = draw.choice(((196, 92, 92), (92, 112, 168), (222, 216, 204), (120, 150, 104)))
            pen.polygon(((x, 250), (x + 30, 250), (x + 33, 308 + draw.randrange(0, 24)), (x - 3, 306 + draw.randrange(0, 24))), fill=colour)


def _vendor(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    if not wrong:
        return
    x, y = at[0] - 70, at[1] - 24
    pen.polygon(((x - 14, y - 92), (x + 74, y - 122), (x + 164, y - 92)), fill=draw.choice(((186, 70, 62), (66, 110, 150), (196, 150, 66))))
    pen.rectangle((x + 70, y - 104, x + 76, y), fill=(90, 88, 84))
    pen.rectangle((x, y - 38, x + 150, y), fill=(142, 110, 78))
    for n in range(18):
        fx, fy = x + 10 + (n % 9) * 15, y - 50 + (n // 9) * 9
        pen.ellipse((fx, fy, fx + 13, fy + 13), fill=draw.choice(((206, 74, 54), (228, 156, 60), (108, 150, 70))))
    for dx in (18, 128):
        pen.ellipse((x + dx - 15, y - 6, x + dx + 15, y + 24), outline=(40, 40, 40), width=5)


def _works(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    for x in range(at[0] - 190, at[0] + 190, 62):
        pen.rectangle((x, 262, x + 58, 330), fill=(206, 206, 198) if (x // 62) % 2 else (84, 128, 150))
    if wrong:
        pen.polygon(((at[0] - 130, KERB), (at[0] - 40, 286), (at[0] + 40, 300), (at[0] + 140, KERB)), fill=(150, 122, 88))
        for _ in range(46):
            x, y, r = at[0] + draw.randrange(-150, 151), draw.randrange(270, 400), draw.randrange(3, 9)
            pen.ellipse((x - r, y - r // 2, x + r, y + r // 2), fill=(168, 142, 106))
    else:
        pen.polygon(((at[0] - 130, KERB), (at[0] - 40, 306), (at[0] + 40, 312), (at[0] + 140, KERB)), fill=(84, 118, 84))


def _water(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    if not wrong:
        return
    for _ in range(38):
        x, y, size = at[0] + draw.randrange(-120, 121), draw.randrange(380, 450), draw.randrange(4, 16)
        pen.ellipse(
            (x - size, y - size // 3, x + size, y + size // 3),
            fill=draw.choice(((90, 122, 76), (226, 226, 220), (120, 140, 84), (190, 120, 80))),
        )


def _sign(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    x, lean = at[0], 34 if wrong else 0
    pen.line(((x, 346), (x + lean, 190)), fill=(122, 124, 126), width=7)
    pen.rectangle((x + lean - 50, 172, x + lean + 50, 226), fill=(56, 96, 146), outline=(230, 230, 226), width=3)
    pen.line(((x + lean - 30, 198), (x + lean + 30, 198)), fill=(230, 230, 226), width=6)
    if wrong:
        for _ in range(9):
            px, py = x + lean - 48 + draw.randrange(0, 78), 176 + draw.randrange(0, 36)
            pen.rectangle((px, py, px + 20, py + 13), fill=draw.choice(((238, 232, 200), (244, 214, 206), (214, 232, 240))))


def _bikes(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    colour = draw.choice(((52, 104, 168), (226, 178, 52), (66, 140, 116)))
    for n in range(7):
        x = at[0] - 150 + n * 46 + (draw.randrange(-16, 17) if wrong else 0)
        y = at[1] - 30 + (draw.randrange(-24, 25) if wrong else 0)
        fallen = wrong and draw.random() < 0.4
        h = 10 if fallen else 30
        for dx in (0, 42):
            pen.ellipse((x + dx - 15, y - h // 2, x + dx + 15, y + h // 2 + 12), outline=(44, 44, 46), width=3)
        pen.line(((x, y), (x + 16, y - h), (x + 38, y - h), (x + 42, y)), fill=colour, width=4)
        pen.line(((x + 16, y - h), (x + 28, y + 2)), fill=colour, width=4)


def _lamp(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    lean = 40 if wrong else 0
    pen.line(((at[0], 346), (at[0] + lean, 96)), fill=(96, 100, 104), width=8)
    pen.line(((at[0] + lean, 98), (at[0] + lean + 74, 84)), fill=(96, 100, 104), width=6)
    pen.ellipse((at[0] + lean + 56, 78, at[0] + lean + 104, 98), fill=(70, 72, 76) if wrong else (252, 236, 170))
    if wrong:
        pen.line(((0, 150), (at[0], 236), (WIDTH, 128)), fill=(40, 40, 42), width=3)


def _manhole(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    y = max(at[1], 404)
    pen.ellipse((at[0] - 74, y - 28, at[0] + 74, y + 28), fill=(70, 70, 72))
    pen.ellipse((at[0] - 64, y - 23, at[0] + 64, y + 23), fill=(20, 20, 22) if wrong else (96, 96, 98))
    if wrong:
        pen.ellipse((at[0] + 24, y - 40, at[0] + 150, y + 2), fill=(92, 92, 94), outline=(62, 62, 64), width=3)
        for dx in (-110, 118):
            pen.polygon(((at[0] + dx - 15, y + 20), (at[0] + dx, y - 44), (at[0] + dx + 15, y + 20)), fill=(224, 108, 48))
    else:
        for k in range(-3, 4):
            pen.line(((at[0] - 50, y + k * 6), (at[0] + 50, y + k * 6)), fill=(78, 78, 80), width=2)


def _tree(pen: Pen, draw: random.Random, at: Spot, wrong: bool) -> None:
    x = at[0]
    pen.rectangle((x - 10, 200, x + 10, 346), fill=(100, 78, 56))
    for _ in range(60):
        cx, cy, green = x + draw.randrange(-90, 91), 150 + draw.randrange(-70, 61), draw.randrange(92, 142)
        pen.ellipse((cx - 20, cy - 17, cx + 20, cy + 17), fill=(green - 42, green, green - 50))
    if wrong:
        pen.line(((x + 6, 230), (x + 66, 300), (x + 130, 346)), fill=(112, 88, 62), width=9)
        for _ in range(26):
            cx, cy, green = x + 96 + draw.randrange(-46, 60), 330 + draw.randrange(-26, 30), draw.randrange(92, 132)
            pen.ellipse((cx - 14, cy - 10, cx + 14, cy + 10), fill=(green - 34, green, green - 44))


TROUBLE: dict[str, Callable[[Pen, random.Random, Spot, bool], None]] = {
    "litter": _litter,
    "bin": _bin,
    "road": _road,
    "street": _street,
    "vendor": _vendor,
    "works": _works,
    "water": _water,
    "sign": _sign,
    "bikes": _bikes,
    "lamp": _lamp,
    "manhole": _manhole,
    "tree": _tree,
}
