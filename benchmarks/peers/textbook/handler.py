"""What tutorials ship: boto3, numpy, a session from bytes, all defaults."""

import os

import boto3
import numpy as np
import onnxruntime as ort

s3 = boto3.client("s3", region_name="us-east-1")
with open(os.environ["MODEL"], "rb") as file:
    session = ort.InferenceSession(file.read())


def handle(event, context):
    rows = np.array(event["inputs"], dtype=np.float32)
    outputs = session.run(None, {session.get_inputs()[0].name: rows})
    return {"predictions": [np.asarray(output).tolist() for output in outputs][-1]}
