"""What the story may cost to import: it runs in models' own environments, too."""

import subprocess
import sys


def test_the_story_brings_no_aws_library():
    """An environment made from a model's requirements has none, and needs none."""
    code = (
        "import sys, mlflow_serverless.pipeline\n"
        "print(sorted({'boto3', 'botocore', 'docker'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "[]" == done.stdout.strip()
