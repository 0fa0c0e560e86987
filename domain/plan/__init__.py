"""From snapshot and events to a plan: `plan(snapshot, events)`.

The words, from the events to a target's plan. The example is one ticket: opened at 09:00 on Monday under the policy
"Standard", which promises a resolution in 4 hours and lets changes retarget; paused from 10:10 to 10:40; at 11:00 its
plan becomes gold, and "Gold" with 2 hours takes the place of "Standard"; resolved at 11:10.

| word | meaning, and what it is in the example | where in `domain/` (`measured/` in `plan/`) |
|---|---|---|
| `Turn` | an event in its place, when it took effect, the ticket from then on: five turns | `ticket/timeline` |
| `PolicyInForce` | a policy and when it begins to count: Standard from 09:00, Gold from 11:00 | `measured/promises` |
| `Clock` | the rules of one target type under one policy: from the opening to the resolution | `policy/clocks` |
| `ClockSetup` | the clock as it is set up at one turn: at 10:10 by Standard, at 11:10 by Gold | `measured/cycles` |
| `Cycle` | one clock from start to stop: ran 09:00-10:10 and 10:40-11:10, paused in between | `policy/clocks` |
| `Span`, `Hold` | a part of a cycle; a pause and its cause: 10:10-10:40, "customer" | `policy/clocks` |
| `Promise` | a target and its calendar while its policy is in force: 4 h until 11:00, then 2 h | `measured/progress` |
| `MeasuredPromise` | a cycle under one promise: of 2 h half is used at 10:00, all at 11:30 | `measured/progress` |
| `MeasuredCycle` | a cycle under all its promises, with its `TargetPlan`: due at 11:30, met | `measured/measuring` |
| `Milestone` | an instant on the clock: `halfway` at 11:00, when the 2 h began to count | `plan/milestones` |
| `TargetPlan` | what the plan says of one cycle: state, due, breach, milestones | `plan/plans` |
| `Plan` | every target of the ticket, all instants absolute | `plan/plans` |
| `TicketWalk` | all of the above, computed once from snapshot and events | `plan/walk` |

A reopening at 12:00 makes the clock run on in the same cycle, or begins a second one, as the policy says (`on_reopen`).
"""
