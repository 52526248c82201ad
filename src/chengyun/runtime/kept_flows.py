"""Flows of departments from the command line: the same checks as on the page, the operator in the audit as who did it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chengyun.base.ids import TenantId
from chengyun.base.time import Clock, to_text
from chengyun.cases.ports import AuditEntry
from chengyun.runtime.commands.import_tables import OPERATOR
from chengyun.stores import flows
from chengyun.stores.audit import record_entry
from chengyun.stores.city_book import CASES, FLOW, CityBook, CityBooks
from chengyun.stores.reasons import read_reasons, write_reason
from chengyun.stores.tenancy import in_tenant
from chengyun.stores.writing.cases.work import digest_key


@dataclass(frozen=True)
class FlowKeeper:
    tenant: TenantId
    clock: Clock
    key: bytes
    """Of the audit's digests."""

    @classmethod
    def of(cls, tenant: TenantId, secret: str, clock: Clock) -> "FlowKeeper":
        return cls(tenant, clock, digest_key(secret))

    def _book(self) -> CityBook:
        return CityBooks().book(self.tenant)

    def told(self) -> dict[str, Any]:
        now, held = self.clock.now(), self._book()
        reasons, under_way, current = read_reasons(held, now), flows.count_open(self.tenant), held.flows(now)
        return {
            "flows": [
                {
                    "name": flow.name,
                    "version": flow.version,
                    "from": to_text(kept.valid_from),
                    "in_force": current.get(flow.name) == flow,
                    "open_cases": under_way.get((flow.name, flow.version), 0),
                    "reason": reasons.get(f"{FLOW}{flow.name}.{flow.version}", ""),
                }
                for kept, flow in held.kept_flows
            ],
            "choices": [{"category": key, "flow": name} for key, name in sorted(held.case_settings(now).flow_of.items())],
        }

    def check(self, file: str, text: str) -> dict[str, Any]:
        flow = flows.check_flow(self._book(), file, text)
        return {"name": flow.name, "version": flow.version, "rows": len(flow.rows), "good": True}

    def keep(self, file: str, text: str, since: datetime | None, reason: str) -> dict[str, Any]:
        now, held = self.clock.now(), self._book()
        with in_tenant(self.tenant, durable=True):
            made = flows.keep_flow(held, file, text, since or now, None, now)
            if not made.again:
                write_reason(held, f"{FLOW}{made.flow.name}.{made.flow.version}", reason, None, now)
                self._tell(f"flow:{made.flow.name}@{made.flow.version}", "kept", text, now)
        return {"name": made.flow.name, "version": made.flow.version, "from": to_text(made.valid_from), "kept": not made.again}

    def choose(self, category: str, flow: str | None, reason: str) -> dict[str, Any]:
        now, held = self.clock.now(), self._book()
        with in_tenant(self.tenant, durable=True):
            version, chosen = flows.choose_flow(held, category, flow, None, now)
            write_reason(held, f"{CASES}.{version}", reason, None, now)
            self._tell(f"flow_of:{category}", flow or "none", repr(sorted(chosen.items())), now)
        return {"version": version, "category": category, "flow": flow or "none"}

    def _tell(self, about: str, result: str, after: str, now: datetime) -> None:
        digest = hashlib.sha256(after.encode()).digest()
        entry = AuditEntry("settings.flows.write", about[:120], result[:80], OPERATOR, now, "command_line", b"", digest)
        record_entry(self.tenant, entry, self.key)
