"""Films, sounds and documents: never decoded, cleaned of places and notes or refused with a reason, told by their bytes."""

import time

import pytest

from chengyun.base.results import Refused
from chengyun.sources.attachments import Kind, Limits, Sanitised, clean_name, take_in
from sources.attachments import honest

MACRO_TYPES = honest.CONTENT_TYPES.replace("{part}", "word/document.xml").replace(
    "application/vnd.openxmlformats-officedocument.{kind}.main+xml", "application/vnd.ms-word.document.macroEnabled.main+xml"
)


ENDLESS_CLUSTER = honest.element(0x1A45DFA3, honest.element(0x4282, b"webm")) + b"".join(
    mark + b"\x01" + b"\xff" * 7 for mark in (b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75")
)


def cut_short(pdf: bytes) -> bytes:
    """The packed objects go on behind a false end, where a viewer that counts bytes reads and one that looks for the end does not."""
    at = pdf.index(b"\nstream\n") + 20
    return pdf[:at] + b"endstream" + pdf[at:]


def cleaned(source: bytes, name: str = "", media_type: str = "") -> Sanitised:
    made = take_in(source, name, media_type)
    assert isinstance(made, Sanitised), made
    assert not made.inline
    return made


@pytest.mark.parametrize(
    ("source", "media_type", "kind"),
    [
        (honest.film(), "video/mp4", Kind.VIDEO),
        (honest.film(b"qt  "), "video/quicktime", Kind.VIDEO),
        (honest.film(b"M4A ", (b"soun",)), "audio/mp4", Kind.SOUND),
        (honest.webm(), "video/webm", Kind.VIDEO),
        (honest.webm(unknown_sizes=True), "video/webm", Kind.VIDEO),
        (honest.wav(), "audio/wav", Kind.SOUND),
        (honest.mp3(), "audio/mpeg", Kind.SOUND),
    ],
)
def test_places_and_notes_are_wiped_from_films_and_sounds(source, media_type, kind):
    assert honest.SECRET in source
    made = cleaned(source)
    assert (made.media_type, made.kind) == (media_type, kind)
    body = made.get("cleaned").body
    assert b"MARKER" not in body
    assert b"location" not in body
    assert take_in(body, "").get("cleaned").body == body  # clean stays clean, and stays readable


def test_picture_and_sound_of_a_film_stay_where_they_were():
    source = honest.film()
    body = cleaned(source).get("cleaned").body
    assert len(body) == len(source)
    assert body.index(b"VIDEO" * 40 + b"SOUND" * 20) == source.index(b"VIDEO" * 40 + b"SOUND" * 20)


def test_the_hour_of_a_film_is_a_claim_and_no_longer_in_the_file():
    made = cleaned(honest.film())
    assert made.taken.at.year == 2026
    assert take_in(made.get("cleaned").body, "").taken.at is None


def test_a_film_with_a_third_kind_of_track_in_webm_is_refused():
    assert take_in(honest.webm((1, 2, 0x11)), "").reason == "film_carries_more"


def test_ogg_and_amr_pass_when_they_carry_nothing():
    assert cleaned(honest.ogg()).media_type == "audio/ogg"
    assert cleaned(honest.amr()).media_type == "audio/amr"
    assert cleaned(honest.amr(wide=True)).media_type == "audio/amr"
    assert take_in(honest.ogg((b"ENCODER=x", b"LOCATION=31.2,121.4")), "").reason == "sound_carries_notes"
    broken = bytearray(honest.ogg())
    broken[60] ^= 1
    assert take_in(bytes(broken), "").reason == "file_damaged"


@pytest.mark.parametrize("kind", ["docx", "xlsx", "pptx"])
def test_office_files_pass_unchanged_as_internal_attachments(kind):
    source = honest.office(kind)
    made = cleaned(source, f"报告.{kind}")
    assert (made.get("cleaned").body, made.level, made.display_name) == (source, 3, f"报告.{kind}")


def test_a_link_a_person_may_click_is_not_a_reason_to_refuse():
    link = '<Relationship Id="r1" Type="http://x/relationships/hyperlink" Target="https://example.org/" TargetMode="External"/>'
    cleaned(honest.office(relations=link))


def test_a_pdf_passes_unchanged():
    source = honest.pdf(b"/OpenAction [3 0 R /Fit]", objects=b"5 0 << /Type /Annot /A << /S /URI /URI (https://example.org) >> >>")
    made = cleaned(source, "方案.pdf", "application/pdf")
    assert (made.get("cleaned").body, made.level) == (source, 3)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (honest.pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "document_runs_code"),
        (honest.pdf(b"/OpenAction << /S /J#61vaScript /JS (app.alert(1)) >>"), "document_runs_code"),
        (honest.pdf(objects=b"5 0 << /S /JavaScript /JS (app.alert(1)) >>"), "document_runs_code"),
        (honest.pdf(b"/OpenAction << /S /Launch /F (cmd.exe) >>"), "document_runs_code"),
        (honest.pdf(b"/Names << /EmbeddedFiles << >> >>"), "document_carries_files"),
        (honest.pdf(b"/OpenAction << /S /GoToR /F (\\\\host\\share) >>"), "document_reaches_out"),
        (honest.pdf(objects=b"5 0 <<>>").replace(b"/FlateDecode", b"[/ASCIIHexDecode /FlateDecode]"), "document_runs_code"),
        (honest.pdf(objects=b"5 0 <<>>" + bytes(80 * 1024 * 1024)), "archive_too_large"),
        (honest.pdf(objects=b"5 0 <<>>").replace(b"/FlateDecode", b"/FlateDecode /DecodeParms << /Predictor 12 >>"), "document_runs_code"),
        (honest.pdf(objects=b"5 0 <<>>").replace(b"/ObjStm", b"/Obj#53tm"), "document_runs_code"),
        (cut_short(honest.pdf(objects=b"5 0 <<>>" * 40)), "document_runs_code"),
        (honest.pdf().replace(b"trailer <<", b"trailer << /Encrypt 9 0 R"), "document_encrypted"),
        (honest.pdf(tail=b"PK\x03\x04"), "file_damaged"),
        (honest.office(more={"word/vbaProject.bin": b"\0"}), "document_runs_code"),
        (honest.office(types=MACRO_TYPES), "document_runs_code"),
        (honest.office(text=b"<w:instrText>DDEAUTO c:\\\\windows\\\\cmd.exe</w:instrText>"), "document_runs_code"),
        (honest.office(text=b"<!DOCTYPE x [<!ENTITY a 'b'>]>"), "document_reaches_out"),
        (honest.office(more={"word/embeddings/oleObject1.bin": b"\0"}), "document_carries_files"),
        (honest.office(more={"word/media/inner.zip": honest.office()}), "archive_nested"),
        (honest.office("xlsx", more={"xl/externalLinks/externalLink1.xml": b"<a/>"}), "document_reaches_out"),
        (
            honest.office(
                relations='<Relationship Id="r" Type="http://x/attachedTemplate" Target="https://e.org/t.dotm" TargetMode="External"/>'
            ),
            "document_reaches_out",
        ),
        (
            honest.office(relations='<Relationship Id="r" Type="http://x/hyperlink" Target="file:///etc/passwd" TargetMode="External"/>'),
            "document_reaches_out",
        ),
        (honest.office(more={"../../etc/cron.d/x": b"x"}), "archive_unsafe_name"),
        (honest.office(more={"a/" * 12 + "x": b"x"}), "archive_unsafe_name"),
        (honest.office(more={"word/big.xml": b"<a>" + b" " * (20 * 1024 * 1024)}), "archive_too_large"),
    ],
)
def test_a_document_that_could_act_is_refused_with_the_reason(source, reason):
    refused = take_in(source, "")
    assert isinstance(refused, Refused)
    assert refused.reason == reason


@pytest.mark.parametrize(
    ("source", "name", "media_type"),
    [
        (honest.pdf(), "a.jpg", ""),
        (honest.pdf(), "a.pdf", "image/jpeg"),
        (honest.photo(60, 40), "a.pdf", ""),
        (honest.photo(60, 40), "a.jpg.exe", ""),
        (honest.office("docx"), "a.xlsx", ""),
        (honest.wav(), "a.mp3", ""),
        (honest.film(), "a.mp4", "text/html"),
    ],
)
def test_bytes_that_contradict_name_or_type_are_refused(source, name, media_type):
    assert take_in(source, name, media_type).reason == "file_type_differs"


def test_phones_mix_up_photo_formats_and_that_is_no_matter(bench):
    assert isinstance(take_in(honest.photo(60, 40, "PNG"), "a.HEIC", "image/jpeg", bench=bench), Sanitised)


def test_limits_are_by_kind(tmp_path):
    limits = Limits(document_bytes=100)
    assert take_in(honest.pdf(), "", limits=limits).reason == "file_too_large"
    kept = tmp_path / "upload"
    kept.write_bytes(honest.pdf())
    assert isinstance(take_in(kept, "a.pdf"), Sanitised)
    assert take_in(b"", "a.pdf").reason == "file_empty"


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\fakepath\\现场.jpeg", "现场.jpg"),
        ("a\u202egpj.exe", "agpj.jpg"),
        ("a.php\x00.jpg", "a.jpg"),
        ('"><img src=x onerror=alert(1)>.jpg', "img src=x onerror=alert(1).jpg"),
        ("", "file.jpg"),
        ("...", "file.jpg"),
        ("长" * 10_000, "长" * 116 + ".jpg"),
    ],
)
def test_names_are_shown_clean(declared, shown):
    assert clean_name(declared, "jpg") == shown


@pytest.mark.parametrize(
    "source",
    [
        b"%PDF-1.4\n" + b"/ObjStm stream\n" * 600_000 + b"%%EOF",
        b"%PDF-1.4\n" + b"#53stream\n" * 1_000_000 + b"%%EOF",
        b"#!AMR\n" + b"\x7c" * 15_000_000,
        b"RIFF\0\0\0\0WAVE" + b"abcd\0\0\0\0" * 1_500_000,
        ENDLESS_CLUSTER + b"\xa3\x80" * 8_000_000,
    ],
    ids=["pdf of names", "pdf of escapes", "amr of nothing", "wav of nothing", "webm of nothing"],
)
def test_many_small_nothings_do_not_hold_us_up(source):
    started = time.process_time()
    take_in(source, "")
    assert time.process_time() - started < 3
