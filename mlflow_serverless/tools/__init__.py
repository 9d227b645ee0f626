"""Functions of ours that serve no model: what they are made of, and how they run.

A tool is an ordinary Python handler, `module:function`, that takes an event and a
context and returns what can be JSON: the relay of a registry's webhooks, the controller
of rollouts. `build.tools` makes its image, which holds our own code, `run` answers
Lambda's Runtime API there, and `deploy` makes a function of it.
"""

from mlflow_serverless.tools.tool import Tool

__all__ = ["Tool"]
