"""What MLflow's door needs beside the client: payloads, its dicts, its errors, a guide."""
