"""The errors that the API answers with: `topics/opcodes-and-status-codes#json-json-error-codes`."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, code: int, message: str, *, errors: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.body: dict[str, Any] = {"code": code, "message": message}
        if errors:
            self.body["errors"] = errors


class RateLimited(ApiError):
    """`topics/rate-limits#exceeding-a-rate-limit`."""

    def __init__(self, retry_after: float, *, everywhere: bool) -> None:
        super().__init__(429, 0, "You are being rate limited.")
        self.body = {"message": "You are being rate limited.", "retry_after": round(retry_after, 3)}
        self.body["global"] = everywhere
        self.retry_after = retry_after
        self.everywhere = everywhere


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def unknown(what: str) -> ApiError:
    """404 with the code of the thing that is not there."""
    codes = {
        "Channel": 10003,
        "Guild": 10004,
        "Member": 10007,
        "Message": 10008,
        "Role": 10011,
        "User": 10013,
        "Webhook": 10015,
        "interaction": 10062,
    }
    return ApiError(404, codes[what], f"Unknown {what}")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def already_acknowledged() -> ApiError:
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def invalid_form(problems: dict[str, str]) -> ApiError:
    """50035 with each field's problem: `reference#error-messages`."""
    errors = {
        field: {"_errors": [{"code": "BASE_TYPE_INVALID", "message": message}]} for field, message in problems.items()
    }
    return ApiError(400, 50035, "Invalid Form Body", errors=errors)
