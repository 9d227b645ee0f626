"""Who we are on AWS, where, and clients that speak for us.

Profile, region, endpoint and proxies are those of every AWS tool: the environment and
the usual files. A role of another account is assumed, and again before it expires.
"""

import threading
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    DeferredRefreshableCredentials,
)

from lambda_runtime.version import __version__
from mlflow_serverless.aws.errors import NoCredentialsError, NoRegionError, explained
from mlflow_serverless.aws.retry import Pace
from mlflow_serverless.plan import Place

_SESSION = "mlflow-serverless"
_INVOKE_S = 910.0
"""Longer than any function may take [s]."""


class Access:
    """
    Clients of one account in one region; each is made once.

    Args:
        session: Credentials and region.
        endpoint: Where all services are, if not at AWS.
        pace: How patient to be.
        role: ARN of the role that was assumed, for the record.
    """

    def __init__(
        self,
        session: boto3.Session,
        *,
        endpoint: str | None = None,
        pace: Pace | None = None,
        role: str = "",
    ) -> None:
        self.pace = pace or Pace()
        self._session, self._endpoint, self._role = session, endpoint, role
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._place: Place | None = None

    def client(self, service: str) -> Any:
        """
        A client of *service* (`lambda`, `ecr`, ...).

        Raises:
            NoRegionError: Nothing says where.
        """
        return self._made(service, service, self.pace.attempts, self.pace.read_s)

    @property
    def invoker(self) -> Any:
        """A client of Lambda that waits as long as a function may take."""
        return self._made("invoke", "lambda", self.pace.invoke_attempts, _INVOKE_S)

    @property
    def place(self) -> Place:
        """
        Account, region and partition.

        Raises:
            ServerlessError: There are no credentials or no region, or they do not work.
        """
        if self._place is None:
            region = self._region()
            with explained():
                found = self.client("sts").get_caller_identity()
            self._place = Place(
                region=region,
                account=found["Account"],
                partition=found["Arn"].split(":")[1],
                caller=found["Arn"],
                role=self._role,
            )
        return self._place

    @property
    def session(self) -> boto3.Session:
        """For signing what no client sends: requests to a function URL."""
        return self._session

    def _region(self) -> str:
        if not self._session.region_name:
            raise NoRegionError
        return str(self._session.region_name)

    def _made(self, key: str, service: str, attempts: int, read_s: float) -> Any:
        with self._lock, explained():
            if key not in self._clients:
                self._region()
                if self._session.get_credentials() is None:
                    raise NoCredentialsError
                self._clients[key] = self._session.client(
                    service,
                    endpoint_url=self._endpoint,
                    config=Config(
                        retries={"mode": "standard", "total_max_attempts": attempts},
                        connect_timeout=self.pace.connect_s,
                        read_timeout=read_s,
                        max_pool_connections=32,
                        user_agent_extra=f"mlflow-serverless/{__version__}",
                    ),
                )
            return self._clients[key]


def connect(region: str = "", role: str = "", *, pace: Pace | None = None) -> Access:
    """
    Access by the usual AWS environment.

    Args:
        region: Where; empty for `AWS_DEFAULT_REGION` or the profile's.
        role: ARN of a role to assume first; empty for none.
        pace: How patient to be.

    Raises:
        ServerlessError: There are no credentials to begin with.
    """
    with explained():
        session = boto3.Session(region_name=region or None)
        if role:
            session = assumed(session, role)
    return Access(session, pace=pace, role=role)


def assumed(session: boto3.Session, role: str) -> boto3.Session:
    """A session that acts as *role*, and renews its credentials in time."""
    source = session.get_credentials()
    if source is None:
        raise NoCredentialsError
    inner = botocore.session.Session()
    if session.region_name:
        inner.set_config_variable("region", session.region_name)
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=session.client,
        source_credentials=source,
        role_arn=role,
        extra_args={"RoleSessionName": _SESSION},
    )
    inner._credentials = DeferredRefreshableCredentials(  # noqa: SLF001 - botocore's own way, as in its assume-role provider
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    return boto3.Session(botocore_session=inner)
