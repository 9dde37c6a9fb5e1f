"""Words for states and reasons, as pages say them."""

from __future__ import annotations

from ideas.webhooks.models import Disabled, Reason, State
from ideas.words import lazy

ENDPOINT_STATES = {
    "active": lazy("Active"),
    "failing": lazy("Nothing arrives"),
    "paused": lazy("Paused"),
    "disabled": lazy("Disabled"),
}
DISABLED = {
    Disabled.GONE.value: lazy("It said that it is gone (410)."),
    Disabled.FAILING.value: lazy("For five days nothing arrived."),
}
STATES = {
    State.PENDING.value: lazy("Waits"),
    State.SENT.value: lazy("Arrived"),
    State.SUPPRESSED.value: lazy("Not sent"),
    State.FAILED.value: lazy("Failed"),
}
REASONS = {
    Reason.NOT_VISIBLE.value: lazy("It is gone, or its owner may not see it."),
    Reason.GAVE_UP.value: lazy("Each of ten tries failed."),
    Reason.DISABLED.value: lazy("The endpoint was disabled."),
    Reason.RESTORED.value: lazy("It may have been sent before a backup was restored."),
    Reason.UNRENDERABLE.value: lazy("No message could be made of it."),
}
