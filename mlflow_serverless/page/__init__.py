"""One HTML file that needs nothing else: its frame, and drawings as inline SVG."""

from mlflow_serverless.page.chart import Band, Series, bands, chart
from mlflow_serverless.page.frame import frame, tiles

__all__ = ["Band", "Series", "bands", "chart", "frame", "tiles"]
