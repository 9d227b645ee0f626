"""What the runtime raises on purpose: a status for the caller, never a stack trace.

Fault
  BadRequest            400  the caller's mistake
    SchemaMismatch      400  the request does not fit the signature
  NotFound              404
  WrongMethod           405
  TooLarge              413  beyond Lambda's 6 MB
  UnsupportedMedia      415
  Internal              500  ours: the engine failed on a good request
  Unavailable           503  ours: one of several models cannot be opened (`several`)
BrokenBundle                 the bundle cannot be served; ends initialisation
"""

from __future__ import annotations


class Fault(Exception):
    """An answer other than a prediction."""

    status = 500
    code = "INTERNAL_ERROR"
    """MLflow's error code, for `error_code`."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequest(Fault):
    """The caller's mistake; the message says which."""

    status = 400
    code = "BAD_REQUEST"


class SchemaMismatch(BadRequest):
    """The request is well-formed but does not fit the model's signature."""

    code = "INVALID_PARAMETER_VALUE"


class NotFound(Fault):
    """No such path or model."""

    status = 404
    code = "RESOURCE_DOES_NOT_EXIST"


class WrongMethod(Fault):
    """The path exists; the method does not. `allow` is the one it takes."""

    allow = ""
    status = 405
    code = "BAD_REQUEST"


class TooLarge(Fault):
    """More than the payload limit, in or out."""

    status = 413
    code = "REQUEST_LIMIT_EXCEEDED"


class UnsupportedMedia(Fault):
    """A content type that is not served."""

    status = 415
    code = "BAD_REQUEST"


class Internal(Fault):
    """The engine failed on a request that fits the signature."""


class BrokenBundle(Exception):
    """The bundle cannot be served: a file missing, corrupt, or of another time."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        """Stable, kebab-case; the init error's type."""
