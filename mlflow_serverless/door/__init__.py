"""What MLflow's door needs beside the client: inputs to payloads, errors to theirs."""
