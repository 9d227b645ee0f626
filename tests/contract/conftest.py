"""One home with one deployment, for all contract tests."""

import pytest

from mlflow_serverless.local import stop


@pytest.fixture(scope="module")
def deployed(shop, tmp_path_factory):
    """A home in which `fraud` is deployed from version 1 of its model."""
    from mlflow.deployments import get_deploy_client

    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_SERVERLESS_HOME", str(folder))
        client = get_deploy_client("lambda:/local")
        client.create_deployment("fraud", "models:/fraud@champion", config={})
        yield folder
        stop(folder)
