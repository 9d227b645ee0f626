"""What MLflow's door needs beside the client: payloads, dicts, errors, a guide."""
