"""What cannot be priced."""

from mlflow_serverless.errors import Kind, ServerlessError


class UnknownPriceError(ServerlessError):
    """Never 0: a price that is not known is said to be so."""

    code = "unknown-price"
    kind = Kind.UNSUPPORTED

    def __init__(self, region: str, key: str) -> None:
        super().__init__(
            f"the price of {key!r} in {region} is not known here.",
            hint="see AWS's price list.",
        )
