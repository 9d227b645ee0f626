"""Effects on AWS: the only boto3 in the package, one module a service.

Nothing is decided here and nothing is remembered: a look is read back from AWS, a step
of a plan is one or a few calls, and taking it again after an answer was lost ends in
the same place.
"""

from mlflow_serverless.aws.cloud import AwsCloud
from mlflow_serverless.aws.front import Front
from mlflow_serverless.aws.images import builder
from mlflow_serverless.aws.retry import Pace
from mlflow_serverless.aws.session import Access, connect

__all__ = ["Access", "AwsCloud", "Front", "Pace", "builder", "connect"]
