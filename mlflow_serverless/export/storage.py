"""What must be there, and filled, before a function can be made of it."""

import json

from mlflow_serverless.plan import Desired, ModelBucket, Repository, Resource
from mlflow_serverless.plan.resources import stays

Storage = Repository | ModelBucket


def stored(want: Desired) -> tuple[Storage, ...]:
    """Where the image and the model are kept, if the deployment keeps them itself."""
    return tuple(r for r in want.resources if isinstance(r, Storage))


def is_shared(resource: Resource) -> bool:
    """Whether other deployments use it: one template alone may make it."""
    return stays(resource)


def lifecycle(repository: Repository) -> str:
    """ECR's lifecycle policy: images without a tag go."""
    rule = {
        "rulePriority": 1,
        "description": "images without a tag go",
        "selection": {
            "tagStatus": "untagged", "countType": "sinceImagePushed",
            "countUnit": "days", "countNumber": repository.untagged_days,
        },
        "action": {"type": "expire"},
    }  # fmt: skip
    return json.dumps({"rules": [rule]})
