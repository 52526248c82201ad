"""The key that signs the heads of the audit chain. It lives in the data folder, never in the database; its public half beside the
anchors, so that a copy of both proves the history without any secret.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from chengyun.runtime.refusals import StartRefused
from chengyun.runtime.secrets_file import write_private

KEY = "audit_key.pem"
ANCHORS = "anchors"
PUBLIC = "public.pem"


def anchors_folder(data: Path) -> Path:
    return data / ANCHORS


def read_or_make_key(data: Path) -> Ed25519PrivateKey:
    """The signing key of this installation; made and synced to disk at first use."""
    file = data / KEY
    if not file.exists():
        made = Ed25519PrivateKey.generate()
        folder = anchors_folder(data)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(folder / PUBLIC, made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
        write_private(file, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    key = load_pem_private_key(file.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise StartRefused("audit_key", f"{file} holds no Ed25519 key", cure="restore it from the backup of this data folder")
    return key


def read_public_key(data: Path) -> Ed25519PublicKey:
    """What anchors are checked with."""
    file = anchors_folder(data) / PUBLIC
    if not file.exists():
        raise StartRefused("no_anchors", f"there are no anchors in {file.parent}", cure="let the worker run for a minute")
    key = load_pem_public_key(file.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise StartRefused("audit_key", f"{file} holds no Ed25519 key", cure="restore it from the backup of this data folder")
    return key
