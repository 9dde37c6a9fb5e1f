"""What can be wrong with an act on webhooks."""

from __future__ import annotations

from ideas.errors import Conflict


class EndpointDisabled(Conflict):
    """Nothing is sent to an endpoint that was disabled. Enable it first."""

    code = "endpoint-disabled"


class EndpointPaused(Conflict):
    """Nothing is sent to an endpoint that is paused, no test either. Resume it first."""

    code = "endpoint-paused"
