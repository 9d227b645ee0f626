"""What is known is priced; what is not is never free."""

import pytest

from mlflow_serverless.config import parse
from mlflow_serverless.cost import UnknownPriceError, monthly, price
from mlflow_serverless.pipeline.intended import outline
from mlflow_serverless.plan import Place

HERE = Place(region="us-east-1", account="123456789012")


def lines(place=HERE, **given):
    return {
        line.what: line.usd
        for line in monthly(outline("it", parse(given), place), place)
    }


def test_a_price_that_is_not_known_raises():
    """Of another region, or of another thing."""
    with pytest.raises(UnknownPriceError, match="mars-1"):
        price("mars-1", "lambda.request")
    with pytest.raises(UnknownPriceError, match="coffee"):
        price("us-east-1", "coffee")


def test_another_region_is_said_to_be_unknown():
    """Its prices are not guessed."""
    place = Place(region="eu-central-1", account="123456789012")

    assert [None] == list(lines(place).values())


def test_requests_cost_their_number_and_their_time():
    """A million of 100 ms at 1 GB: 0.20 and 100,000 GB-seconds."""
    usd = lines(memory_mb=1024)["a million requests of 100 ms at 1024 MB"]

    assert pytest.approx(0.20 + 100_000 * 0.0000166667) == usd


def test_room_beyond_what_is_free_costs_its_time():
    """Of 1,024 MB in /tmp, half are paid for."""
    free, paid = (
        lines(ephemeral_mb=mb)["a million requests of 100 ms at 1024 MB"]
        for mb in (512, 1024)
    )

    assert pytest.approx(100_000 * 0.5 * 0.0000000309) == paid - free


def test_models_in_s3_are_paid_for_by_the_gigabyte():
    """Only where there is a bucket of ours for them."""
    what = "each GB of models in S3, a month"

    assert 0.023 == lines(**{"image.model_store": "own"})[what]
    assert what not in lines()


def test_environments_kept_started_are_busy_for_less():
    """Their time of answering has a price of its own."""
    usd = lines(provisioned=1)["a million requests of 100 ms at 1024 MB"]

    assert pytest.approx(0.20 + 100_000 * 0.0000097222) == usd


def test_a_snapshot_is_paid_for_by_keeping_and_by_starting():
    """One version of 1 GB, 730 hours; a thousand starts of 1 GB."""
    found = lines(cold_start="snapshot")

    kept = 730 * 3600 * 0.0000015046
    assert pytest.approx(kept) == found["snapshot of one version, a month"]
    assert pytest.approx(0.1397998) == found["a thousand starts from it"]


def test_environments_kept_started_cost_all_month():
    """Two of 2 GB, 730 hours."""
    found = lines(memory_mb=2048, provisioned=2)

    expected = pytest.approx(2 * 2 * 730 * 3600 * 0.0000041667)
    assert expected == found["2 environments kept started, a month"]


def test_a_smaller_function_never_costs_more():
    """On either processor."""
    for architecture in ("x86_64", "arm64"):
        costs = [
            sum(lines(memory_mb=mb, **{"image.architecture": architecture}).values())
            for mb in (128, 1024, 10_240)
        ]
        assert sorted(costs) == costs


def test_what_stands_around_is_on_the_bill():
    """Alarm by alarm."""
    found = lines(**{"api.auth": "iam", "alarms.errors": 1, "alarms.dashboard": True})

    assert 7 == len(found)
    assert 0.10 == found["each GB of images, compressed, a month"]
    assert 0.50 == found["each GB written to /aws/lambda/it"]
    assert 1.0 == pytest.approx(found["a million requests through the API"])


def test_the_embedded_cloud_costs_nothing():
    """There is nothing to price."""
    assert {} == lines(None)
