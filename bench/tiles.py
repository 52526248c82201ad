"""How long a tile of points takes to write: `uv run python bench/tiles.py`.

Figures to reach: street level 5 ms, a whole city of 80,000 points 30 ms.
"""

import time

import numpy as np

from chengyun.screens.tiles.encode import TileAddress, Words, encode_points

TURNS = 30
LEVELS = ("一般", "紧急", "特急")


def main() -> None:
    dice = np.random.default_rng(3)
    city = TileAddress(10, 857, 418)
    street = TileAddress(14, city.x * 16 + 8, city.y * 16 + 8)
    print(f"{'what':<34}{'bytes':>9}{'p50 ms':>9}{'max ms':>9}")
    for what, many, tile in (
        ("street, 1,000 points", 1_000, street),
        ("street, 4,000 points", 4_000, street),
        ("whole city, 80,000 points", 80_000, city),
    ):
        west, south, east, north = tile.bounds(0)
        lon, lat, ids = dice.uniform(west, east, many), dice.uniform(south, north, many), np.arange(many)
        columns = {
            "level": Words(dice.integers(0, 3, many), LEVELS),
            "severity": dice.integers(0, 4, many),
            "unit": dice.integers(0, 300, many),
        }
        spent, body = [], b""
        for _ in range(TURNS):
            started = time.perf_counter()
            body = encode_points("cases", tile, lon, lat, ids, columns, worst=["severity"])
            spent.append((time.perf_counter() - started) * 1000)
        print(f"{what:<34}{len(body):>9}{np.median(spent):>9.2f}{max(spent):>9.2f}")


if __name__ == "__main__":
    main()
