"""Host names of the user's own, in front of HTTP APIs."""

from collections.abc import Mapping
from typing import Any

from mlflow_serverless.aws.keeper import owner_of, unless_missing
from mlflow_serverless.aws.session import Access
from mlflow_serverless.plan import Domain, HttpApi
from mlflow_serverless.plan.names import DOMAIN

_GONE = "NotFoundException"
_STAGE = "$default"


class Domains:
    """
    API Gateway's domain names.

    Args:
        access: Whose, and where.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> Any:
        return self._access.client("apigatewayv2")

    def of(self, tags: Mapping[str, str]) -> Domain | None:
        """The domain that an API with *tags* has."""
        found = self._there(tags[DOMAIN]) if DOMAIN in tags else None
        if found is None:
            return None
        settings = found.get("DomainNameConfigurations") or [{}]
        certificate = settings[0].get("CertificateArn", "")
        return Domain(name=found["DomainName"], certificate=certificate)

    def _there(self, name: str) -> dict[str, Any] | None:
        return unless_missing(self._client.get_domain_name, _GONE, DomainName=name)

    def put(self, api: str, made: HttpApi) -> None:
        """Lead the API's domain to it; a DNS record is the user's to make."""
        if made.domain is None:
            return
        client, domain = self._client, made.domain
        said = [{
            "CertificateArn": domain.certificate, "EndpointType": "REGIONAL",
            "SecurityPolicy": "TLS_1_2",
        }]  # fmt: skip
        if self._there(domain.name) is None:
            client.create_domain_name(
                DomainName=domain.name, DomainNameConfigurations=said,
                Tags=dict(made.tags),
            )  # fmt: skip
        else:
            client.update_domain_name(
                DomainName=domain.name, DomainNameConfigurations=said
            )
        mapped = client.get_api_mappings(DomainName=domain.name).get("Items", ())
        if not any(mapping["ApiId"] == api for mapping in mapped):
            client.create_api_mapping(ApiId=api, DomainName=domain.name, Stage=_STAGE)

    def remove(self, made: HttpApi) -> None:
        """Take the API's domain away, if we made it."""
        if made.domain is None:
            return
        found = self._there(made.domain.name)
        if found is None or not owner_of(found.get("Tags", {})):
            return
        unless_missing(
            self._client.delete_domain_name, _GONE, DomainName=made.domain.name
        )
