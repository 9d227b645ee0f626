"""What is spoken at the doors: MLflow's scoring protocol, Open Inference v2, raw."""
