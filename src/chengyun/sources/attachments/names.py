"""Names people give to files. We show them, cleaned; we never store a file under one."""

import re
import unicodedata

LONGEST = 120
"""Characters shown; chosen by us: one line of a case page."""

_RESERVED = re.compile(r'[<>:"|?*&\'`\\/]')


def clean_name(declared: str, extension: str) -> str:
    """A name that is safe to show and to offer for download, ending in the extension of what the file really is.

    Folders, control and invisible characters (the right-to-left override that turns `gpj.exe` round among them) and markup are gone.

    >>> clean_name("../../现场\\u202egpj.exe", "jpg")
    '现场gpj.jpg'
    """
    last = re.split(r"[/\\\x00]", declared[:4096])[-1] if "\x00" not in declared[:4096] else declared[:4096].split("\x00")[0]
    last = re.split(r"[/\\]", last)[-1]
    normal = unicodedata.normalize("NFC", last)
    seen = "".join(character for character in normal if unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    stem = re.sub(r"\.[A-Za-z0-9]{1,8}$", "", _RESERVED.sub("", seen)).strip(" .")
    return f"{stem[: LONGEST - len(extension) - 1] or 'file'}.{extension}"
