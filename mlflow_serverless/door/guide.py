"""What people read first, where MLflow lists what a target takes."""

from mlflow_serverless.config import help_text


def guide() -> str:
    """Targets, first steps and every option, as plain text."""
    return f"""\
mlflow-serverless: registered models as AWS Lambda functions, proved equal first.

Targets (-t)
  lambda:/local                     functions on this machine; no account needed
  lambda                            AWS Lambda, in the region of your AWS environment
  lambda:/REGION[/ROLE_ARN]         AWS Lambda there; as that role, if one is named

First steps, on this machine
  mlflow deployments create  -t lambda:/local --name fraud -m models:/fraud/1
  mlflow deployments predict -t lambda:/local --name fraud -I rows.json
  mlflow deployments update  -t lambda:/local --name fraud -m models:/fraud/2
  mlflow deployments list    -t lambda:/local
  mlflow deployments delete  -t lambda:/local --name fraud

rows.json holds a list of records, [{{"age": 42, "city": "Oslo"}}], or a request as it
is posted to /invocations.

What MLflow's commands cannot say, ours can (`mlflow-serverless --help`)
  export MLFLOW_SERVERLESS_TARGET=lambda:/local      instead of -t each time
  mlflow-serverless plan fraud models:/fraud/2       what would change
  mlflow-serverless invoke fraud -p request.json     send a file's bytes as they are
  mlflow-serverless history fraud                    versions, and which serves
  mlflow-serverless rollback fraud                   to the version before, at once
  mlflow-serverless local serve                      HTTP on 127.0.0.1:8931

A new version that earns its traffic step by step, or loses it
  mlflow deployments update -t lambda:/local --name fraud -m models:/fraud/2 \\
      -C strategy=canary -C wait=true
  mlflow-serverless rollout fraud                    where it stands

Options: -C KEY=VALUE, or -C config=@FILE.yaml for many; [default] and (values) behind
each. [MB], [s] and [ms] in a text are the unit of its value.

{help_text()}
"""
