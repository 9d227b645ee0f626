"""MLflow's door: `mlflow deployments … -t lambda`.

MLflow scans this module: it wants exactly one client class, `run_local` and
`target_help`. Everything else lives elsewhere and is imported under other names.
"""

import sys
from typing import Any

from mlflow.deployments import BaseDeploymentClient, PredictionsResponse
from mlflow.exceptions import MlflowException

from mlflow_serverless import pipeline
from mlflow_serverless.door import errors, payload, shapes
from mlflow_serverless.door.guide import guide
from mlflow_serverless.errors import Kind
from mlflow_serverless.pipeline import route
from mlflow_serverless.report import reporter
from mlflow_serverless.screen import drawing_on
from mlflow_serverless.wiring import LOCAL, world_for
from mlflow_serverless.world import World


class LambdaDeploymentClient(BaseDeploymentClient):
    """
    Deployments of one target.

    Args:
        target_uri: `lambda:/local`, or `lambda[:/REGION[/ROLE_ARN]]` for AWS.
    """

    def __init__(self, target_uri: str) -> None:
        super().__init__(target_uri)  # type: ignore[no-untyped-call]
        self._target = target_uri

    def create_deployment(
        self,
        name: str,
        model_uri: str,
        flavor: str | None = None,
        config: dict[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """
        Convert, prove, deploy; nothing if exactly this is deployed already.

        Args:
            name: 1 to 64 letters, digits, hyphens and underscores.
            model_uri: Any model URI that MLflow takes.
            flavor: Which flavour to serve, where the model has several.
            config: See `mlflow deployments help -t lambda`.
            endpoint: Alias that callers will use, instead of `live`.

        Raises:
            MlflowException: RESOURCE_ALREADY_EXISTS if something else has the name;
                otherwise of the room that refused.
        """
        create = pipeline.Intent.CREATE
        return self._deploy(create, name, model_uri, flavor, config, endpoint)

    def update_deployment(
        self,
        name: str,
        model_uri: str | None = None,
        flavor: str | None = None,
        config: dict[str, Any] | None = None,
        endpoint: str | None = None,
    ) -> dict[str, Any]:
        """
        Serve another model, or the same otherwise; what is not said stays.

        MLflow's documentation promises None; its command line needs a dict.

        Raises:
            MlflowException: RESOURCE_DOES_NOT_EXIST if there is no such deployment.
        """
        if flavor is not None and model_uri is None:
            message = "a flavor needs a model_uri beside it: give -m MODEL_URI."
            raise MlflowException.invalid_parameter_value(message)
        update = pipeline.Intent.UPDATE
        return self._deploy(update, name, model_uri, flavor, config, endpoint)

    def delete_deployment(
        self,
        name: str,
        config: dict[str, Any] | None = None,  # noqa: ARG002 - MLflow's signature
        endpoint: str | None = None,  # noqa: ARG002 - MLflow's signature
    ) -> None:
        """Take it away with all its versions; nothing if it is not there."""
        with errors.as_mlflow(), self._world() as world:
            pipeline.delete(name, world)

    def list_deployments(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        """Every deployment, or those that *endpoint* (`name:alias`) belongs to."""
        with errors.as_mlflow(), self._world() as world:
            wanted = route.endpoint_of(endpoint).name if endpoint else None
            found = [shapes.described(status) for status in pipeline.listing(world)]
            return [d for d in found if wanted in {None, d["name"]}]

    def get_deployment(self, name: str, endpoint: str | None = None) -> dict[str, Any]:  # noqa: ARG002 - MLflow's signature
        """
        What is deployed under *name*.

        Raises:
            MlflowException: RESOURCE_DOES_NOT_EXIST if nothing is.
        """
        with errors.as_mlflow(), self._world() as world:
            return shapes.described(pipeline.status(name, world))

    def predict(
        self,
        deployment_name: str | None = None,
        inputs: Any = None,
        endpoint: str | None = None,
        params: dict[str, Any] | None = None,
    ) -> PredictionsResponse:
        """
        Ask a deployment.

        Args:
            deployment_name: Which one; or `name:alias`.
            inputs: DataFrame, array, list, dict, or a request's text or bytes.
            endpoint: `name:alias`, instead of a deployment's name.
            params: Inference parameters, as the signature declares them.

        Raises:
            MlflowException: INVALID_PARAMETER_VALUE if the request does not fit.
        """
        with errors.as_mlflow(), self._world() as world:
            request = payload.payload_of(inputs, params)
            name, qualifier = _called(deployment_name, endpoint, world)
            reply = pipeline.ask(world.cloud, name, request, qualifier=qualifier)
            text = reply.payload.decode()
            answer: PredictionsResponse = PredictionsResponse.from_json(text)  # type: ignore[no-untyped-call]
            return answer

    def explain(
        self,
        deployment_name: str | None = None,  # noqa: ARG002 - MLflow's signature
        df: Any = None,  # noqa: ARG002
        endpoint: str | None = None,  # noqa: ARG002
    ) -> Any:
        """
        Not yet.

        Raises:
            MlflowException: NOT_IMPLEMENTED.
        """
        message = "explanations of predictions come later; nothing explains them yet."
        raise MlflowException(message, errors.CODES[Kind.UNSUPPORTED])

    def create_endpoint(
        self, name: str, config: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """
        Name a version: `create_endpoint("fraud:canary", {"version": "3"})`.

        Args:
            name: `deployment:alias`.
            config: `version`, by default the newest; `weights.N`, another version's
                share of the traffic, 0 to 1.

        Raises:
            MlflowException: RESOURCE_ALREADY_EXISTS if it routes otherwise.
        """
        with errors.as_mlflow(), self._world() as world:
            wanted = route.endpoint_of(name)
            alias = route.create(wanted, config or {}, world)
            return shapes.endpoint(wanted.name, alias)

    def update_endpoint(
        self, endpoint: str, config: dict[str, Any] | None = None
    ) -> None:
        """Route it otherwise: `{"version": "3", "weights.4": 0.1}`."""
        with errors.as_mlflow(), self._world() as world:
            route.update(route.endpoint_of(endpoint), config or {}, world)

    def delete_endpoint(self, endpoint: str) -> None:
        """Take the alias away; nothing if it is not there."""
        with errors.as_mlflow(), self._world() as world:
            route.remove(route.endpoint_of(endpoint), world)

    def list_endpoints(self) -> list[dict[str, Any]]:
        """Every alias of every deployment."""
        with errors.as_mlflow(), self._world() as world:
            return [shapes.endpoint(n, alias) for n, alias in route.endpoints(world)]

    def get_endpoint(self, endpoint: str) -> dict[str, Any]:
        """Where an alias sends its traffic."""
        with errors.as_mlflow(), self._world() as world:
            wanted = route.endpoint_of(endpoint)
            return shapes.endpoint(wanted.name, route.find(wanted, world))

    def _deploy(  # noqa: PLR0913, PLR0917 - MLflow's signature, and the intent
        self,
        intent: pipeline.Intent,
        name: str,
        model_uri: str | None,
        flavor: str | None,
        config: dict[str, Any] | None,
        endpoint: str | None,
    ) -> dict[str, Any]:
        given = dict(config or {})
        if endpoint is not None:
            given["alias"] = endpoint.removeprefix(f"{name}:")
        request = pipeline.DeployRequest(
            name=name, model_uri=model_uri, flavor=flavor, given=given, intent=intent
        )
        with errors.as_mlflow(), self._world() as world:
            return shapes.deployment(
                pipeline.deploy(request, world, watch=drawing_on(sys.stderr))
            )

    def _world(self) -> "_Opened":
        return _Opened(self._target)


class _Opened:
    """The target's World, with a reporter that gives the terminal back."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._reporter = reporter(sys.stderr)

    def __enter__(self) -> World:
        return world_for(self._target, self._reporter.__enter__())

    def __exit__(self, *error: object) -> None:
        self._reporter.__exit__(*error)  # type: ignore[arg-type]


def _called(
    deployment: str | None, endpoint: str | None, world: World
) -> tuple[str, str]:
    """Name and qualifier; a deployment's own alias unless another is named."""
    wanted = endpoint or deployment
    if wanted is None:
        message = "name a deployment (--name) or an endpoint (--endpoint)."
        raise MlflowException.invalid_parameter_value(message)
    if ":" in wanted:
        named = route.endpoint_of(wanted)
        return named.name, named.alias
    return wanted, pipeline.status(wanted, world).alias


def run_local(
    name: str,
    model_uri: str,
    flavor: str | None = None,
    config: dict[str, Any] | None = None,
) -> None:
    """
    Deploy to the embedded cloud on this machine, and say how to call it.

    MLflow does not pass the target on, so it is always `lambda:/local`.
    """
    client = LambdaDeploymentClient(LOCAL)
    made = client._deploy(pipeline.Intent.DEPLOY, name, model_uri, flavor, config, None)  # noqa: SLF001 - of this module
    sys.stdout.write(
        f"{made['name']} serves {made['model_uri']} as version {made['version']}. "
        "Ask it:\n"
        f"  mlflow deployments predict -t {LOCAL} --name {name} -I rows.json\n"
        f"  mlflow-serverless invoke -t {LOCAL} {name} -p request.json\n"
        "  mlflow-serverless local serve   # then curl what it prints\n"
    )


def target_help() -> str:
    """What `mlflow deployments help -t lambda` prints."""
    return guide()
