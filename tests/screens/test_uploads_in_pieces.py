"""A photo from a bad network: announced, sent in pieces, taken up again where it broke off, taken in once."""

import hashlib
import io
import secrets
from typing import Any

from PIL import Image

from screens.conftest import Town, Visitor


def _photo() -> bytes:
    body = io.BytesIO()
    Image.effect_noise((900, 700), 80).convert("RGB").save(body, "JPEG", quality=95)
    return body.getvalue()


def _piece(visitor: Visitor, upload: str, offset: int, piece: bytes) -> Any:
    return visitor.client.patch(
        f"/api/v1/sources/uploads/{upload}?offset={offset}",
        piece,
        content_type="application/octet-stream",
        headers={"X-CSRFToken": visitor.csrf},
    )


def test_a_broken_upload_goes_on_where_it_stood_and_is_kept_once(town: Town) -> None:
    visitor, body, key = town.visitor("collector"), _photo(), secrets.token_hex(8)
    told = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest(), "name": "x.jpg", "media_type": "image/jpeg"}
    upload = visitor.post("/api/v1/sources/uploads", told, key=key).json()["id"]
    half = len(body) // 2
    assert _piece(visitor, upload, 0, body[:half]).json()["received"] == half
    again = town.visitor("collector")  # another connection, another day
    assert again.post("/api/v1/sources/uploads", told, key=key).json()["received"] == half
    gap = _piece(again, upload, half + 10, body[half + 10 :])
    assert (gap.status_code, gap.json()["reason"], gap.json()["facts"]["wanted"]) == (422, "upload_wrong_offset", half)
    early = again.post(f"/api/v1/sources/uploads/{upload}/finish", {}, key="finish")
    assert (early.status_code, early.json()["reason"]) == (422, "upload_incomplete")
    assert _piece(again, upload, half, body[half:]).json()["received"] == len(body)
    made = again.post(f"/api/v1/sources/uploads/{upload}/finish", {}, key="finish-2")
    assert made.status_code == 201
    assert again.get(made.json()["thumb_url"]).status_code == 200
    # The answer was lost: the same key is told the same attachment, another key that there is no such upload.
    assert again.post(f"/api/v1/sources/uploads/{upload}/finish", {}, key="finish-2").json()["id"] == made.json()["id"]
    assert again.post(f"/api/v1/sources/uploads/{upload}/finish", {}, key="finish-3").status_code == 404


def test_the_same_photo_sent_twice_with_its_key_is_one_attachment(town: Town) -> None:
    visitor, body = town.visitor("collector"), _photo()

    def send(key: str) -> Any:
        named = io.BytesIO(body)
        named.name = "photo.jpg"
        return visitor.client.post(
            "/api/v1/sources/attachments", {"file": named, "stage": "before"}, headers={"X-CSRFToken": visitor.csrf, "Idempotency-Key": key}
        )

    first, again, other = send("k1"), send("k1"), send("k2")
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]


def test_somebody_elses_upload_is_not_there(town: Town) -> None:
    body = _photo()
    told = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    upload = town.visitor("collector").post("/api/v1/sources/uploads", told, key="mine").json()["id"]
    stranger = town.visitor("collector2")
    assert stranger.get(f"/api/v1/sources/uploads/{upload}").status_code == 404
    assert _piece(stranger, upload, 0, body[:10]).status_code == 404
