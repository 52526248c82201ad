"""P1 labels of the `base` tables."""

from chengyun.stores.writing.labels import Labels, Level, label

LABELS: Labels = {
    "Tenant": label(Level.PUBLIC, "names the city", "forever", "id code name_zh name_en zone number_prefix settings_version active"),
    "TenantVersion": label(Level.INTERNAL, "tells when compiled books are stale", "forever", "tenant book version"),
    "Setting": label(Level.INTERNAL, "rules of the day", "versions", "tenant id key version value valid_from valid_to set_by set_at"),
    "Account": label(
        Level.INTERNAL, "sign-in", "with_account", "tenant id person active may_administer tries locked_until session_epoch made_at"
    )
    | label(Level.PERSONAL, "sign-in", "with_account", "name")
    | label(Level.SENSITIVE, "sign-in, hashed", "with_account", "password"),
    "Idempotency": label(Level.INTERNAL, "the same write counts once", "days_30", "tenant door key digest result at"),
    "Outbox": label(Level.INTERNAL, "tells followers what happened", "days_30", "tenant id xid topic case seq body at sent_at"),
    "Follower": label(Level.INTERNAL, "how far a follower came", "forever", "tenant name xid last"),
    "AuditEntry": label(
        Level.INTERNAL,
        "history nobody can rewrite quietly",
        "audit",
        "tenant id xid at person deputy_for role origin operation object result before after",
    ),
    "MachineToken": label(Level.INTERNAL, "machine sign-in", "with_account", "tenant id account name made_at revoked_at")
    | label(Level.SENSITIVE, "machine sign-in, hashed", "with_account", "digest"),
    "AuditSeal": label(Level.INTERNAL, "history nobody can rewrite quietly", "audit", "tenant position entry hash"),
}
