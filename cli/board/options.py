"""Options that these commands share."""

from __future__ import annotations

from typing import Annotated

import typer

DEFAULT = "default"
MOST = 200

Organization = Annotated[str, typer.Option(help="Whose tickets and rules.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Search = Annotated[str, typer.Option("--search", "-q", help="In the subject line or the id.")]
OfTeam = Annotated[str, typer.Option("--team", help="Of this team's id.")]
OfPolicy = Annotated[str, typer.Option("--policy", help="Under the policy of this name.")]
OfPriority = Annotated[str, typer.Option("--priority", help="Of this priority.")]
OfAssignee = Annotated[str, typer.Option("--assignee", help="Whose tickets.")]
