"""Who is allowed what around a deployment: every policy that people are to attach."""

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.pipeline.intended import outline
from mlflow_serverless.plan import Place, Role, names
from mlflow_serverless.secure import deployer_policies, key_policy
from mlflow_serverless.topology import topology

_BUNDLE = f"sha256:{'0' * 64}"
"""Stands for a model that is not built yet; where its kind is kept is known."""

WHOSE = ("deployer", "function", "controller", "key")


def policies(
    whose: str, name: str, config: DeploymentConfig, place: Place
) -> tuple[str, ...]:
    """
    The policies of one of `WHOSE`; none of what *config* does not have.

    Args:
        whose: Whoever deploys, the function, what drives its rollouts, or its key.
        name: The deployment's.
        config: How it is to run.
        place: Where.
    """
    want = outline(name, config, place, bundle=_BUNDLE)
    if whose == "deployer":
        packing = topology(name, config, place).packing
        return deployer_policies(place, want, packing)
    if whose == "key":
        return (key_policy(place, want),) if config.kms_key else ()
    called = names.role if whose == "function" else names.control_role
    wanted = called(name, place.region)
    roles = (r for r in want.resources if isinstance(r, Role))
    return tuple(role.policy for role in roles if role.name == wanted)
