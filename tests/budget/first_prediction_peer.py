"""The same through python onnxruntime and numpy, as careful handlers do it.

Usage: python -I first_prediction_peer.py BUNDLE ROW_IN_HEX
"""

import os
import sys

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
session = ort.InferenceSession(f"{sys.argv[1]}/model.onnx", options)
row = np.frombuffer(bytes.fromhex(sys.argv[2]), dtype="float32").reshape(1, -1)
(share,) = session.run(["share"], {"x": row})
os.write(1, share.tobytes().hex().encode())
os._exit(0)
