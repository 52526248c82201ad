"""Tables that every stage leans on."""

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from chengyun.stores.writing.columns import Code, of_tenant, written_by


class Tenant(models.Model):
    """A city or district with its own data, calendar, code set and audit chain. The only table of ours that belongs to no tenant."""

    id = models.SmallIntegerField(primary_key=True)
    code = Code(unique=True, max_length=12)
    name_zh = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80)
    zone = models.CharField(max_length=64)
    number_prefix = models.CharField(max_length=4)
    settings_version = models.IntegerField(default=1)
    active = models.BooleanField(default=True)

    class Meta:
        db_table = "tenant"

    def __str__(self) -> str:
        return f"{self.code} {self.name_zh}"


class TenantVersion(models.Model):
    """One row per tenant and book (`city`, `settings`), raised by every change; compiled snapshots are kept by it."""

    pk = models.CompositePrimaryKey("tenant", "book")
    tenant = of_tenant()
    book = Code(max_length=24)
    version = models.BigIntegerField(default=1)

    class Meta:
        db_table = "tenant_version"


class Setting(models.Model):
    """One setting with its validity; a change is a new version, and old cases are read with the one of their day."""

    tenant = of_tenant()
    key = Code()
    version = models.IntegerField()
    value = models.JSONField()
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    set_by = models.BigIntegerField(null=True, blank=True)
    set_at = models.DateTimeField()

    class Meta:
        db_table = "setting"
        constraints = [models.UniqueConstraint("tenant", "key", "version", name="setting_version")]

    def __str__(self) -> str:
        return f"{self.key} v{self.version}"


class AccountManager(BaseUserManager["Account"]):
    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(name=username)


class Account(AbstractBaseUser):
    """A way to sign in. Who the person is and what he may do stands in the city's books; an account only opens the door.

    session_epoch   raised to close every open session at once: it is part of what a session is checked against
    """

    last_login = None  # type: ignore[assignment]  # Django would write it from the wall clock; sign-ins stand in the audit

    tenant = of_tenant()
    name = models.CharField(max_length=64)
    person = models.BigIntegerField(null=True, blank=True)
    active = models.BooleanField(default=True)
    may_administer = models.BooleanField(default=False)
    tries = models.SmallIntegerField(default=0, editable=False)
    locked_until = models.DateTimeField(null=True, blank=True, editable=False)
    session_epoch = models.IntegerField(default=0, editable=False)
    made_at = models.DateTimeField(editable=False)

    objects = AccountManager()
    USERNAME_FIELD = "name"

    class Meta:
        db_table = "account"
        constraints = [models.UniqueConstraint("tenant", "name", name="account_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.active

    @property
    def is_staff(self) -> bool:
        return self.active and self.may_administer

    def has_perm(self, permission: str, obj: object = None) -> bool:
        return self.is_staff

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff

    def get_session_auth_hash(self) -> str:
        return self._session_hash()

    def get_session_auth_fallback_hash(self):  # type: ignore[no-untyped-def]
        for key in settings.SECRET_KEY_FALLBACKS:
            yield self._session_hash(secret=key)

    def _session_hash(self, secret: str | None = None) -> str:
        return salted_hmac(
            "chengyun.account.session", f"{self.password}:{self.session_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()


class Idempotency(models.Model):
    """The answer given to a write, by the key its author made. The same key and body get the same answer (promise R6).

    key   led by whose key it is (`12:...` for person 12), so that it tells nothing to anybody else
    """

    pk = models.CompositePrimaryKey("tenant", "door", "key")
    tenant = of_tenant()
    door = Code()
    key = Code(max_length=200)
    digest = models.BinaryField()
    result = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "idempotency"


class Outbox(models.Model):
    """What happened, by reference, for those who follow: live screens, notices, webhooks, mirror."""

    tenant = of_tenant()
    xid = written_by()
    topic = Code()
    case = models.BigIntegerField(db_column="case_id", null=True)
    seq = models.IntegerField(null=True)
    body = models.JSONField(default=dict)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "outbox"
        indexes = [models.Index("tenant", "xid", "id", name="outbox_followed")]


class Follower(models.Model):
    """How far a follower of the outbox, the events or the audit has come, in commit order."""

    pk = models.CompositePrimaryKey("tenant", "name")
    tenant = of_tenant()
    name = Code()
    xid = models.BigIntegerField(default=0)
    last = models.BigIntegerField(default=0)

    class Meta:
        db_table = "follower"


class AuditEntry(models.Model):
    """Who did what to which thing, with what result. References and keyed digests only (promise H4)."""

    tenant = of_tenant()
    xid = written_by()
    at = models.DateTimeField()
    person = models.BigIntegerField(null=True)
    deputy_for = models.BigIntegerField(null=True)
    role = Code(max_length=24)
    origin = Code()
    operation = Code(max_length=80)
    object = Code(max_length=120)
    result = Code(max_length=80)
    before = models.BinaryField()
    after = models.BinaryField()

    class Meta:
        db_table = "audit_entry"
        indexes = [
            models.Index("tenant", "xid", "id", name="audit_followed"),
            models.Index("tenant", "person", "at", name="audit_by_person"),
            models.Index("tenant", "object", "at", name="audit_by_object"),
        ]


class AuditSeal(models.Model):
    """The hash chain of a tenant: position after position, each hash takes in the one before and one entry."""

    pk = models.CompositePrimaryKey("tenant", "position")
    tenant = of_tenant()
    position = models.BigIntegerField()
    entry = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_seal"
        constraints = [models.UniqueConstraint("tenant", "entry", name="audit_sealed_once")]


class MachineToken(models.Model):
    """A key with which another system speaks for one machine account. Only its digest is kept; a key is shown once, when it is made."""

    tenant = of_tenant()
    account = models.BigIntegerField()
    name = models.CharField(max_length=80)
    digest = models.BinaryField()
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "machine_token"
        constraints = [models.UniqueConstraint("tenant", "digest", name="machine_token_once")]
