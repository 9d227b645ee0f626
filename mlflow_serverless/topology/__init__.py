"""DeploymentConfig x Place -> what stands around a function, with final names."""

from mlflow_serverless.topology.cold import ColdStart, Strategy, choose
from mlflow_serverless.topology.control import (
    DRIVER,
    beyond_reach,
    control,
    schedule,
)
from mlflow_serverless.topology.kept import config_of, options_as_tags
from mlflow_serverless.topology.topology import Topology, only_on_aws, topology

__all__ = [
    "DRIVER",
    "ColdStart",
    "Strategy",
    "Topology",
    "beyond_reach",
    "choose",
    "config_of",
    "control",
    "only_on_aws",
    "options_as_tags",
    "schedule",
    "topology",
]
