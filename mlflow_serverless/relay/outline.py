"""A relay on AWS as far as it concerns whoever deploys it; pure."""

from collections.abc import Mapping
from dataclasses import replace

from mlflow_serverless.plan import Desired, Packing, Place
from mlflow_serverless.relay.aws import blank, names_of
from mlflow_serverless.tools.configured import configured
from mlflow_serverless.tools.desired import desired, open_url, packing


def outline(
    name: str, given: Mapping[str, object], place: Place
) -> tuple[Desired, Packing]:
    """
    All that is made for the relay *name*, whichever events it sends where.

    Args:
        name: The function's.
        given: Options (`-C key=value`).
        place: Where.

    Raises:
        ServerlessError: As `tools.configured` raises.
    """
    asked = configured(blank(name), given).wanted
    wanted = replace(asked, resources=(*names_of(name), *open_url()))
    return desired(wanted, place, ""), packing(wanted, place)
