"""DeploymentConfig x Place -> what stands around a function, with final names."""

from mlflow_serverless.topology.cold import ColdStart, Strategy, choose
from mlflow_serverless.topology.topology import Topology, only_on_aws, topology

__all__ = [
    "ColdStart",
    "Strategy",
    "Topology",
    "choose",
    "only_on_aws",
    "topology",
]
