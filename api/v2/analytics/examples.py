"""Examples of `/analytics`."""

from __future__ import annotations

from typing import Any

BREACH: dict[str, Any] = {
    "instance_id": "inst_sla_conversation_conv_456",
    "conversation_id": "conv_456",
    "target": "resolution",
    "due_at": "2026-03-08T14:00:00Z",
    "stopped_at": "2026-03-08T14:30:00Z",
    "overrun_seconds": 1800,
    "overrun_calendar_seconds": 1800,
    "policy_id": "sla_abc123",
    "policy_name": "Critical Support",
    "team_id": "team_support",
    "team_name": "Support",
    "priority": "urgent",
}
