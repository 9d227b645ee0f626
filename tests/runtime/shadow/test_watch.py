"""What a version says beside its latency, so that it can be judged."""

import json

from lambda_runtime.loop import Outcome
from lambda_runtime.settings import read
from lambda_runtime.shadow.watching import Watching

ANSWER = Outcome(b'{"predictions": ["yes", "no", "yes"]}')


def test_without_a_shadow_it_counts_and_mirrors_nothing():
    """Predictions and memory from the second answer on; no connection is ever made."""
    settings = read(
        {"MLFLOW_SERVERLESS_WATCH": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"},
        root="/",
    )
    watching = Watching(settings)

    assert settings.watched
    assert not watching.fields(ANSWER)
    said = json.loads(f'{{"first":1{watching.fields(ANSWER)}}}')
    watching.after(None, ANSWER)
    assert {"yes": 2, "no": 1} == said["Outputs"]
    assert 512 == said["MemoryMB"]
    assert 0 < said["MemoryUsedMB"]


def test_unless_it_is_told_to_it_says_nothing():
    """Deployments whose traffic moves at once pay for none of it."""
    assert not read({}, root="/").watched
