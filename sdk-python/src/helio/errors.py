"""What can go wrong. Every error is a HelioError; none of them ever means "go ahead"."""

from __future__ import annotations

from typing import Any


class HelioError(Exception):
    """Helio said no to the request itself (a wrong token, an unknown session, a malformed body).

    ``code`` is stable (``unauthorized``, ``session_ambiguous``, ...), the message says what to do.
    """

    def __init__(self, message: str, code: str = "helio_error") -> None:
        super().__init__(message)
        self.code = code


class HelioUnavailable(HelioError):
    """Helio could not be reached, or did not answer, within the timeout."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "unavailable")


class HelioDenied(HelioError):
    """The policy refused. ``feedback`` is what an agent would read: reason, what is missing, suggestion, retry_allowed."""

    def __init__(self, feedback: dict[str, Any]) -> None:
        said = [str(feedback[key]) for key in ("message", "suggestion") if feedback.get(key)]
        super().__init__(" ".join(said) or "refused by policy", str(feedback.get("reason", "policy_denied")))
        self.feedback = feedback

    @property
    def reason(self) -> str:
        """The stable reason, such as ``evidence_missing``."""
        return self.code

    @property
    def retry_allowed(self) -> bool:
        """Whether the same call may be tried again once what is missing is there."""
        return bool(self.feedback.get("retry_allowed", False))


class HelioApprovalPending(HelioDenied):
    """A person has been asked. ``approval_id`` is the ticket: wait for it, then evaluate again."""

    def __init__(self, approval_id: str | None, feedback: dict[str, Any]) -> None:
        super().__init__(feedback)
        self.approval_id = approval_id
