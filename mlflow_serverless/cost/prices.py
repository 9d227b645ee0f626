"""
Prices, in US dollars, in one place and with their date.

List prices without free tiers, discounts and taxes. Other regions differ by up to a
third, so theirs are not guessed from these.
"""

from mlflow_serverless.cost.errors import UnknownPriceError

AS_OF = "2025-11"
"""When AWS's public price pages showed these; look again before relying on them."""

_US_EAST_1 = {
    "lambda.request": 0.20 / 1e6,
    "lambda.gb_second.x86_64": 0.0000166667,
    "lambda.gb_second.arm64": 0.0000133334,
    "lambda.provisioned.gb_second.x86_64": 0.0000041667,
    "lambda.provisioned.gb_second.arm64": 0.0000033334,
    "lambda.snapshot.gb_second": 0.0000015046,
    "http_api.request": 1.00 / 1e6,
    "cloudwatch.alarm_month": 0.10,
    "cloudwatch.dashboard_month": 3.00,
}

_PRICES = {"us-east-1": _US_EAST_1}


def price(region: str, key: str) -> float:
    """
    The price of *key* in *region* [US dollars].

    Raises:
        UnknownPriceError: It is not known.
    """
    try:
        return _PRICES[region][key]
    except KeyError:
        raise UnknownPriceError(region, key) from None


def known(region: str) -> bool:
    """Whether prices of *region* are here at all."""
    return region in _PRICES
