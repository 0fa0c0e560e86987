"""Examples of an explanation in the OpenAPI document."""

from __future__ import annotations

from typing import Any

HELD: dict[str, Any] = {
    "field": "priority",
    "operator": "in",
    "value": ["urgent", "high"],
    "actual": "urgent",
    "holds": True,
}
PASSED: dict[str, Any] = {
    "policy_id": "sla_0aa1b2c3d4e5f607",
    "name": "Gold",
    "version": 2,
    "reason": "conditions",
    "match": "all",
    "failed": [{"field": "plan", "operator": "eq", "value": "gold", "actual": "basic", "holds": False}],
    "failed_in_all": 1,
}
MATCHING: dict[str, Any] = {
    "match": "all",
    "conditions": [HELD],
    "conditions_in_all": 1,
    "above": [PASSED],
    "above_in_all": 1,
}
POLICY: dict[str, Any] = {
    "id": "sla_5d1f0a9be2c34786",
    "name": "Urgent",
    "version": 1,
    "matched_by": "conditions",
    "matching": MATCHING,
}
CALENDAR: dict[str, Any] = {"id": "bh_default", "version": 3, "timezone": "Europe/Berlin"}
CHANGE: dict[str, Any] = {
    "at": "2026-03-06T15:00:00Z",
    "event_id": "zd-118-4",
    "policy": {"id": "sla_0aa1b2c3d4e5f607", "name": "Gold", "version": 2},
    "priority": "urgent",
    "restarts": False,
    "calendar": CALENDAR,
    "matching": None,
}
SHARE: dict[str, Any] = {"cause": "customer", "seconds": 3600, "working_seconds": 3600}
TOTALS: dict[str, Any] = {
    "running_seconds": 1800,
    "closed_seconds": 1800,
    "paused_seconds": 3600,
    "stopped_seconds": 0,
    "wall_seconds": 7200,
}
SEGMENTS: list[Any] = [
    {
        "kind": "running",
        "start": "2026-03-06T14:30:00Z",
        "end": "2026-03-06T14:45:00Z",
        "seconds": 900,
        "counted_seconds": 900,
    },
    {
        "kind": "paused",
        "start": "2026-03-06T14:45:00Z",
        "end": "2026-03-06T15:45:00Z",
        "seconds": 3600,
        "counted_seconds": 0,
        "causes": [SHARE],
    },
    {
        "kind": "running",
        "start": "2026-03-06T15:45:00Z",
        "end": "2026-03-06T16:00:00Z",
        "seconds": 900,
        "counted_seconds": 900,
    },
    {
        "kind": "closed",
        "start": "2026-03-06T16:00:00Z",
        "end": "2026-03-06T16:30:00Z",
        "seconds": 1800,
        "counted_seconds": 0,
        "rule": "hours",
        "name": None,
    },
]
MILESTONE: dict[str, Any] = {
    "name": "halfway",
    "threshold_seconds": 1800,
    "planned_at": "2026-03-06T16:00:00Z",
    "fired_at": "2026-03-06T16:00:00.004000Z",
    "delivered_at": "2026-03-06T16:00:00.061000Z",
    "withdrawn_at": None,
    "lateness_seconds": 0.004,
    "generation": 1,
}
TEAM_HOURS: dict[str, Any] = {
    "from": "2026-03-06T14:30:00Z",
    "team_id": "team_t2",
    "calendar": {"id": "bh_default", "version": 3, "timezone": "Europe/Berlin"},
}
LONG_PAUSE: dict[str, Any] = {
    "cause": "customer",
    "event_id": "zd-118-3",
    "name": "pause_too_long:zd-118-3",
    "planned_at": "2026-03-06T16:45:00Z",
    "fired_at": "2026-03-06T16:45:00.004Z",
    "delivered_at": "2026-03-06T16:45:00.061Z",
    "withdrawn_at": None,
    "lateness_seconds": 0.004,
    "generation": 1,
}
OTHER_MILESTONE: dict[str, Any] = {"target": "first_response", "cycle": 1, **MILESTONE}
PROMISE: dict[str, Any] = {"hours": 1, "minutes": 60, "seconds": 3600}
MOVER: dict[str, Any] = {"event_id": "zd-118-1", "kind": "opened", "did": "started"}
TARGET: dict[str, Any] = {
    "type": "resolution",
    "cycle": 1,
    "state": "running",
    "met": None,
    "started_at": "2026-03-06T14:30:00Z",
    "stopped_at": None,
    "due_at": "2026-03-09T08:30:00Z",
    "breached_at": None,
    "started_by": MOVER,
    "elapsed_seconds": 1800,
    "remaining_seconds": 1800,
    **TOTALS,
    "promise": PROMISE,
    "calendar": CALENDAR,
    "causes": [SHARE],
    "segments": SEGMENTS,
    "milestones": [
        MILESTONE,
        *[
            {
                "name": "at_risk",
                "threshold_seconds": 2700,
                "planned_at": "2026-03-09T08:15:00Z",
                "fired_at": None,
                "delivered_at": None,
                "withdrawn_at": None,
                "lateness_seconds": None,
            },
            {
                "name": "breached",
                "threshold_seconds": 3600,
                "planned_at": "2026-03-09T08:30:00Z",
                "fired_at": None,
                "delivered_at": None,
                "withdrawn_at": None,
                "lateness_seconds": None,
            },
        ],
    ],
}
EVENT: dict[str, Any] = {
    "event_id": "zd-118-3",
    "kind": "paused",
    "occurred_at": "2026-03-06T14:45:00Z",
    "received_at": "2026-03-06T14:45:01Z",
    "effective_at": "2026-03-06T14:45:00Z",
    "delay_seconds": 1,
    "is_late": False,
    "source": "api",
    "cause": "customer",
}
EXPLANATION: dict[str, Any] = {
    "id": "inst_sla_conversation_conv_456",
    "conversation_id": "conv_456",
    "kind": "sla",
    "priority": "urgent",
    "status": "active",
    "excused": False,
    "at": "2026-03-06T16:30:00Z",
    "opened_at": "2026-03-06T14:30:00Z",
    "closed_at": None,
    "is_complete": True,
    "agrees_with_record": True,
    "changes": [],
    "changes_in_all": 0,
    "tzdata_version": "2026a",
    "targets_in_all": 1,
    "other_milestones": [],
    "other_milestones_in_all": 0,
    "events_in_all": 3,
    "tzdata_version_used": "2026a",
    "policy": POLICY,
    "calendar": CALENDAR,
    "targets": [TARGET],
    "events": [
        {
            "event_id": "zd-118-1",
            "kind": "opened",
            "occurred_at": "2026-03-06T14:30:00Z",
            "received_at": "2026-03-06T14:30:00Z",
            "effective_at": "2026-03-06T14:30:00Z",
            "delay_seconds": 0,
            "is_late": False,
            "source": "api",
        },
        EVENT,
        {
            "event_id": "zd-118-5",
            "kind": "resumed",
            "occurred_at": "2026-03-06T15:45:00Z",
            "received_at": "2026-03-06T15:45:01Z",
            "effective_at": "2026-03-06T15:45:00Z",
            "delay_seconds": 1,
            "is_late": False,
            "source": "api",
            "cause": "customer",
        },
    ],
}
TEXT = """\
inst_sla_conversation_conv_456 is active at Fri 2026-03-06 17:30:00+01:00
  sla of conversation conv_456, priority urgent
  opened Fri 2026-03-06 15:30:00+01:00, still open
  business hours bh_default (version 3) in Europe/Berlin, time zone database 2026a

policy Urgent (sla_5d1f0a9be2c34786, version 1)
  chosen because every condition holds
    priority is urgent or high: the ticket has urgent
  asked before it
    Gold (sla_0aa1b2c3d4e5f607, version 2): fails
      plan is gold does not hold: the ticket has basic

█ running  ░ closed  ▒ paused  · stopped  ~ summed up  - ahead  ▲ due

resolution: running
  used 30 min of 1 h, due Mon 2026-03-09 09:30:00+01:00
  started by opened (event zd-118-1)
  ██████▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒██████░░░░░░░░░░░░------------------------
                                                                         ▲
  Fri 2026-03-06 15:30:00+01:00  15 min  running
  Fri 2026-03-06 15:45:00+01:00     1 h  paused: customer 1 h (1 h of working time)
  Fri 2026-03-06 16:45:00+01:00  15 min  running
  Fri 2026-03-06 17:00:00+01:00  30 min  closed: outside hours
  Fri 2026-03-06 17:30:00+01:00
  in all running 30 min + closed 30 min + paused 1 h + stopped 0 s = 2 h on the wall
  customer 1 h (1 h of working time)
  milestones
    halfway at 30 min: planned Fri 2026-03-06 17:00:00+01:00, fired 0.004 s later, delivered 0.061 s later
    at risk at 45 min: planned Mon 2026-03-09 09:15:00+01:00, not fired
    breached at 1 h: planned Mon 2026-03-09 09:30:00+01:00, not fired

events
  Fri 2026-03-06 15:30:00+01:00  opened (zd-118-1); received Fri 2026-03-06 15:30:00+01:00
  Fri 2026-03-06 15:45:00+01:00  paused (zd-118-3), cause customer; received Fri 2026-03-06 15:45:01+01:00, 1 s later
  Fri 2026-03-06 16:45:00+01:00  resumed (zd-118-5), cause customer; received Fri 2026-03-06 16:45:01+01:00, 1 s later
"""
