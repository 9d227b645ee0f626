"""What create finds under a name that is taken."""

from mlflow_serverless.config import DeploymentConfig
from mlflow_serverless.model import ServableModel
from mlflow_serverless.pipeline.calling import calls
from mlflow_serverless.pipeline.desired import model_of, tag
from mlflow_serverless.pipeline.errors import DeploymentExistsError
from mlflow_serverless.pipeline.look import status
from mlflow_serverless.pipeline.request import Deployment, DeployRequest, Intent
from mlflow_serverless.plan import Actual
from mlflow_serverless.topology import config_of
from mlflow_serverless.world import World


def standing(
    request: DeployRequest,
    have: Actual,
    model: ServableModel,
    config: DeploymentConfig,
    world: World,
) -> Deployment | None:
    """
    The deployment that is there, if it is what create asks for.

    Nothing is built to find out. What an interrupted create has left behind serves
    nobody yet and does not count.

    Raises:
        DeploymentExistsError: Something else has the name.
    """
    if request.intent is not Intent.CREATE or not have.aliases:
        return None
    same = {
        "the model": tag(have, "model-digest") == model.digest,
        "the flavour": tag(have, "flavor") == model.flavor,
        "the configuration": config_of(have)
        == config.model_copy(update={"wait": False}),
    }
    differs = [what for what, equal in same.items() if not equal]
    if differs:
        there = model_of(have, config_of(have).alias) or "another model"
        raise DeploymentExistsError(have.name, there, model.uri, ", ".join(differs))
    world.tell("plan.kept", what=f"{have.name} is as it should be", steps=0)
    return _described(request.name, world)


def _described(name: str, world: World) -> Deployment:
    now = status(name, world)
    serving = now.serving
    return Deployment(
        name=name,
        target=world.target,
        alias=now.alias,
        version=serving.version if serving else "",
        model=serving.model if serving else "",
        flavor=now.flavor,
        bundle=serving.artifact if serving else "",
        parity=serving.parity if serving else "",
        changed=(),
        outputs=now.actual.outputs,
        calls=calls(now.actual, now.alias, world.target),
    )
