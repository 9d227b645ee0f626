"""
Prices, in US dollars, in one place and with their date.

List prices without free tiers, discounts and taxes. Other regions differ by up to a
third, so theirs are not guessed from these.
"""

from mlflow_serverless.cost.errors import UnknownPriceError

AS_OF = "2025-10"
"""The oldest of these; look again before relying on them.

Lambda's are those of its Price List, in force since 2025-10-01, each with its SKU. The
others are of AWS's price pages as third parties cite them up to 2026-06: no list of
theirs was at hand.
"""

_US_EAST_1 = {
    "lambda.request": 0.20 / 1e6,  # GU2ZS9HVP6QTQ7KE
    "lambda.gb_second.x86_64": 0.0000166667,  # TG3M4CAGBA3NYQBH, first tier
    "lambda.gb_second.arm64": 0.0000133334,  # 72SBSFWPMDTH8S3J, first tier
    "lambda.kept.gb_second.x86_64": 0.0000041667,  # BMKCD2ZCEYKTYYCB
    "lambda.kept.gb_second.arm64": 0.0000033334,  # MV7PTBS82AVCMXJJ
    "lambda.kept_busy.gb_second.x86_64": 0.0000097222,  # ZZF88MXYPS4DGSEZ
    "lambda.kept_busy.gb_second.arm64": 0.0000077778,  # 3Z4YRQ6XJRDK27UP
    "lambda.snapshot.gb_second": 0.0000015046,  # WRKYMVM4XSRFFQ7B
    "lambda.restore.gb": 0.0001397998,  # W3GTWG4PTZMXZ4F2
    "lambda.scratch.gb_second": 0.0000000309,  # CVY5JH8RFRXMP92N, beyond 512 MB
    "ecr.gb_month": 0.10,
    "s3.gb_month": 0.023,  # Standard, first tier
    "logs.gb": 0.50,
    "http_api.request": 1.00 / 1e6,
    "scheduler.call": 1.00 / 1e6,
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
