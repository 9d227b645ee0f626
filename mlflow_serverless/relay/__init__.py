"""From a registry's webhook to a reconcile, checked on the way.

This room imports Python's own library only, until it is known where to send an event.
"""

from mlflow_serverless.relay.event import Event, NotAnEventError, read_event

__all__ = ["Event", "NotAnEventError", "read_event"]
