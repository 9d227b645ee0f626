import pytest


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    """Small models on shared machines: threads would only wait for each other."""
    import sklearn.ensemble  # noqa: F401 - brings its thread pools
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
